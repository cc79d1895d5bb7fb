/** Clicks: taken, undone, and how they stand (L1, L2, A12–A17). */
import { parseCursor } from '../../../core/cursor.ts';
import type { ClickId, ImageId, ObjectId, SessionId } from '../../../core/ids.ts';
import type { PromptPart } from '../../../core/prompt.ts';
import { promptKey } from '../../../core/prompt.ts';
import type { AcceptClick, Changed } from '../../../ports/session-store.ts';
import type { ClickState } from '../../../protocol/bodies.ts';
import { checkInside, limitReached, overloaded, tooManyInFlight } from '../../session/refusals.ts';
import type { ScriptArgument } from '../scripts.ts';
import { script } from '../scripts.ts';
import { TurnBatch } from '../turn-batch.ts';
import { sessionImage } from './images.ts';
import type { Reply, Written } from './refusal.ts';
import { done } from './refusal.ts';
import type { SessionPart, SessionSlot } from './session-slot.ts';

type ChangeResult = [change: string, replayed: 0 | 1, image?: string, facts?: string];
type Accepted = Written<ChangeResult>;

const ACCEPT = script<Accepted[]>('session/accept-6');
const ACCEPT_KEYS: readonly SessionPart[] = [
  'state',
  'log',
  'bell',
  'keys',
  'answers',
  'tombstones',
];
const UNDO = script<Written<ChangeResult>>('session/undo-6');
const UNDO_KEYS: readonly SessionPart[] = [
  'state',
  'log',
  'bell',
  'answers',
  'departed',
  'tombstones',
];
const CLICK = script<Reply<[body: string]>>('session/click-2');

/** Clicks on one session that come at the same time are taken together, by whichever request. */
export type Clicks = TurnBatch<AcceptClick, Accepted>;

export function gatherClicks(slot: SessionSlot): Clicks {
  const { maxObjects, maxObjectsInFlight, maxPointsPerObject } = slot.settings;
  const limits = [
    maxObjects,
    maxPointsPerObject,
    maxObjectsInFlight < maxObjects ? maxObjectsInFlight : '',
  ];
  return new TurnBatch((session, commands) => {
    const now = Math.max(...commands.map((command) => command.now));
    const args: ScriptArgument[] = [now, slot.history, ...limits];
    for (const command of commands) pushClick(args, command);
    return slot.run(ACCEPT, slot.keys(session as SessionId, ACCEPT_KEYS), args);
  });
}

function pushClick(args: ScriptArgument[], command: AcceptClick): void {
  const { clickId, imageId, objectId, part, clientRef, traceparent, idempotency } = command;
  args.push(clickId, imageId, objectId, idempotency?.key ?? '', idempotency?.fingerprint ?? '');
  args.push(command.overloaded === undefined ? '' : '1', traceparent ?? '');
  pushContent(args, part, clientRef);
  pushReach(args, part);
}

export async function acceptClick(
  slot: SessionSlot,
  clicks: Clicks,
  session: SessionId,
  command: AcceptClick,
): Promise<Changed> {
  const { maxObjectsInFlight } = slot.settings;
  const { imageId, objectId, part } = command;
  const reply = slot.written(slot.key(session, 'state'), await clicks.ask(session, command));
  if (reply[0] === 'out_of_bounds') {
    checkInside(part, { width: Number(reply[1]), height: Number(reply[2]) });
  }
  if (reply[0] === 'overloaded' && command.overloaded) throw overloaded(command.overloaded.etaMs);
  if (reply[0] === 'rate_limited') throw tooManyInFlight(maxObjectsInFlight);
  if (reply[0] === 'limit_reached') {
    const limit = reply[1] === 'maxObjects' ? 'maxObjects' : 'maxPointsPerObject';
    throw limitReached(limit, slot.settings[limit]);
  }
  return changed(
    done(reply, {
      image_not_found: `There is no image ${imageId}.`,
      conflict: `Object ${objectId} belongs to another image.`,
      idempotency_key_reused: 'The key was used for another click.',
    }),
  );
}

/** What a click adds, as JSON and as parts of a prompt's key; and how many points it counts as. */
function pushContent(
  args: ScriptArgument[],
  { points, box }: PromptPart,
  clientRef: string | undefined,
): void {
  args.push(
    JSON.stringify(points).slice(1, -1),
    box === undefined ? '' : JSON.stringify(box),
    clientRef === undefined ? '' : JSON.stringify(clientRef),
    promptKey({ points }),
    box === undefined ? '' : promptKey({ points: [], box }).slice(1),
    // A click with nothing but a box counts as one, so that boxes are bounded too.
    Math.max(1, points.length),
  );
}

/** How far a click reaches, so that the script can tell with a few comparisons if it lies outside. */
function pushReach(args: ScriptArgument[], { points, box }: PromptPart): void {
  let least = box === undefined ? 0 : Math.min(0, box.x, box.y);
  let right = -1;
  let bottom = -1;
  for (const { x, y } of points) {
    least = Math.min(least, x, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  const isFlat = box !== undefined && !(box.width > 0 && box.height > 0);
  args.push(isFlat ? -1 : least, right, bottom);
  args.push(box === undefined ? 0 : box.x + box.width, box === undefined ? 0 : box.y + box.height);
}

export async function undoClick(
  slot: SessionSlot,
  session: SessionId,
  click: ClickId,
  now: number,
): Promise<Changed> {
  const args = [now, slot.history, click];
  const reply = await slot.write(UNDO, slot.keys(session, UNDO_KEYS), args);
  return changed(done(reply, { click_not_found: `There is no click ${click}` }));
}

export async function clickState(
  slot: SessionSlot,
  session: SessionId,
  click: ClickId,
): Promise<ClickState & { readonly imageId: ImageId }> {
  const reply = await slot.run(CLICK, slot.keys(session, ['state', 'log']), [click]);
  const [, body] = done(reply, { click_not_found: `There is no click ${click}` });
  return JSON.parse(body) as ClickState & { readonly imageId: ImageId };
}

type Done = readonly ['done', ...ChangeResult];

/** Reads what `change_text` of `lib/changes.lua` wrote. */
function changed([, text, replayed, image, facts]: Done): Changed {
  const [clickId, objectId, imageId, revision, cursor = ''] = text.split(' ');
  const position = parseCursor(cursor);
  if (position === undefined) throw new Error(`the session kept no change but ${text}`);
  return {
    clickId: clickId as ClickId,
    objectId: objectId as ObjectId,
    imageId: imageId as ImageId,
    revision: Number(revision),
    position,
    dirty: image !== undefined,
    image: image === undefined ? undefined : sessionImage(image, facts ?? ''),
    replayed: replayed === 1,
  };
}
