/** Calls that are looked at: enough for a 95th percentile, few enough to follow a change. */
const WINDOW = 64;

/** Below this, a percentile says little more than the slowest call. */
const KNOWN_FROM = 20;

/** How much a new call counts in the mean against those before it. */
const WEIGHT = 0.2;

/** What is assumed before the first call has ended: the figure that feature servers are known for. */
const INITIAL_MS = 500;

/** What stands in for the percentile until it is known, as a multiple of the mean. */
const CAUTION = 1.5;

/** How long calls of one kind take; spans in milliseconds. */
export interface ServiceTime {
  /** Of the last calls, oldest first. */
  readonly recent: readonly number[];
  readonly meanMs: number;
  /** Nineteen of twenty calls take no longer: what deadlines and admission reckon with. */
  readonly highMs: number;
}

/** Before any call. */
export const UNKNOWN_SERVICE_TIME: ServiceTime = {
  recent: [],
  meanMs: INITIAL_MS,
  highMs: INITIAL_MS * CAUTION,
};

/** After a call that brought its result. */
export function recordServiceTime(known: ServiceTime, durationMs: number): ServiceTime {
  const recent = [...known.recent, durationMs].slice(-WINDOW);
  const first = known.recent.length === 0;
  const meanMs = first ? durationMs : known.meanMs + WEIGHT * (durationMs - known.meanMs);
  return { recent, meanMs, highMs: percentile95(recent) ?? meanMs * CAUTION };
}

/** The mean of all calls that are looked at, in ms; `undefined` while too few are known. */
export function usualTime({ recent }: ServiceTime): number | undefined {
  if (recent.length < KNOWN_FROM) return undefined;
  return recent.reduce((sum, durationMs) => sum + durationMs, 0) / recent.length;
}

/** The last call was the first that made them enough. */
export const isJustKnown = ({ recent }: ServiceTime): boolean => recent.length === KNOWN_FROM;

/** By nearest rank; `undefined` while too few are known. */
function percentile95(durations: readonly number[]): number | undefined {
  if (durations.length < KNOWN_FROM) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1];
}
