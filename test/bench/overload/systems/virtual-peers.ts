import type { Click } from '../load/ledger.ts';
import { boxOf } from '../stub/prompt-name.ts';
import type { Stub } from '../stub/stub.ts';
import { VirtualConnection } from '../stub/virtual-connection.ts';
import type { Setting, System } from './system.ts';

/** Peers set no deadline: whoever asked waits for as long as it takes. */
const DEADLINE_MS = 3_600_000;

/** Every click a call, at once. */
export function startVirtualProxy(setting: Setting, stub: Stub): System {
  return { click: (click) => void ask(click, setting, stub) };
}

/** First in, first out, as many calls at once as the feature server has places. */
export function startVirtualQueue(setting: Setting, stub: Stub): System {
  const waiting: Click[] = [];
  let idle = setting.capacity;
  const work = async (first: Click): Promise<void> => {
    idle -= 1;
    for (let click: Click | undefined = first; click !== undefined; click = waiting.shift()) {
      await ask(click, setting, stub);
    }
    idle += 1;
  };
  return {
    click: (click) => {
      if (idle > 0) void work(click);
      else waiting.push(click);
    },
  };
}

async function ask(click: Click, { ledger, clock }: Setting, stub: Stub): Promise<void> {
  const prompt = { points: [], box: boxOf(click.object, click.index) };
  const connection = new VirtualConnection();
  const ending = await stub.serve({ prompt, deadlineMs: DEADLINE_MS }, connection);
  connection.close();
  if (ending === 'answer') ledger.masked(ledger.upTo(click), clock.now());
  else ledger.ended(click, 'failed', clock.now());
}
