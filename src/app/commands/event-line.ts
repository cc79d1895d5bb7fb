/** What every frame's data has in common, as it arrives: from any gateway, of any version. */
export interface AnyFrame {
  readonly type: string;
  readonly timestamp?: string;
  readonly sequence?: number;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** Members of a payload that are worth a place on the line, in their order there. */
const SHOWN = [
  'name',
  'objectId',
  'imageId',
  'clickId',
  'revision',
  'status',
  'position',
  'etaMs',
  'area',
  'score',
  'model',
  'cached',
  'label',
  'reason',
  'state',
  'cursor',
  'reconnectInMs',
];

/** Longer names are cut in the middle of nowhere; whoever needs them whole asks for --json. */
const MAX_TEXT = 28;

/** One event for people: time, number, type, what it is about. */
export function eventLine({ type, timestamp, sequence, payload = {} }: AnyFrame): string {
  const time = timestamp?.slice(11, 23) ?? '--:--:--.---';
  const number = sequence === undefined ? '' : String(sequence);
  return `${time} ${number.padStart(5)}  ${type.padEnd(17)}  ${details(payload)}`.trimEnd();
}

function details(payload: Readonly<Record<string, unknown>>): string {
  const shown = SHOWN.flatMap((name) => {
    const value = payload[name];
    return value === undefined || value === null ? [] : [`${name}=${short(value)}`];
  });
  return [...shown, ...lists(payload)].join(' ');
}

function lists({
  points,
  box,
  covers,
  timings,
  problem,
}: Readonly<Record<string, unknown>>): string[] {
  const parts: string[] = [];
  if (Array.isArray(points)) parts.push(`points=${points.length}`);
  if (isRecord(box))
    parts.push(`box=${['x', 'y', 'width', 'height'].map((k) => box[k]).join(',')}`);
  if (Array.isArray(covers)) parts.push(`covers=${covers.length}`);
  if (isRecord(timings)) parts.push(`${short(timings['totalMs'])} ms`);
  if (isRecord(problem)) parts.push(`${short(problem['code'])}: ${String(problem['detail'])}`);
  return parts;
}

function short(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(2);
  const text = String(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
