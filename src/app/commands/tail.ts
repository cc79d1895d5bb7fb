import { Command } from 'commander';
import { AFTER_START } from '../../protocol/routes.ts';
import { BadValue, httpUrl } from '../config/variable.ts';
import { argument } from './arguments.ts';
import type { AnyFrame } from './event-line.ts';
import { eventLine } from './event-line.ts';
import { follow } from './follow.ts';

interface Options {
  readonly url: string;
  readonly after?: string;
  readonly json?: boolean;
}

/** `maskwire tail`: the events of a session as they happen. */
export function tailCommand(): Command {
  return new Command('tail')
    .description("Follow a session's event stream until it is closed")
    .argument('<session>', 'id of the session, ses_…')
    .option('--url <url>', 'the gateway', argument(httpUrl), 'http://127.0.0.1:8787')
    .option(
      '--after <cursor>',
      'read on from this position; "start" for all that is kept',
      argument(position),
    )
    .option('--json', 'print each frame as one line of JSON')
    .addHelpText('after', '\nExample:\n  maskwire tail ses_k3J9… --after start')
    .action(runTail);
}

/** A position as `?after=` takes it (A23). */
function position(text: string): string {
  if (text === AFTER_START || /^\d{1,16}-\d{1,16}$/.test(text)) return text;
  throw new BadValue('must be a cursor like 1732156800000-42, or "start"');
}

async function runTail(session: string, { url, after, json }: Options): Promise<void> {
  await follow({
    url,
    session,
    after,
    onFrame: (frame) => print(frame, json === true),
    onLost: (reason, retryMs) =>
      console.error(`maskwire: ${reason}; trying again in ${(retryMs / 1000).toFixed(1)} s`),
  });
}

function print(frame: AnyFrame, json: boolean): void {
  if (json) console.log(JSON.stringify(frame));
  // Its only news is that there is none.
  else if (frame.type !== 'heartbeat') console.log(eventLine(frame));
}
