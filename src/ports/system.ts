import type { ServerId } from '../core/ids.ts';

/** Time, chance and what operators see: handed in, so that a simulation can own all of them. */

/** A pending timer; `cancel` after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since 1970, UTC. Wall time: may be corrected, never used to measure spans of µs. */
  now(): number;
  /** Runs `task` once after `ms`. A timer alone never keeps a process alive. */
  after(ms: number, task: () => void): Timer;
}

export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** `bytes` random bytes as base64url text, fit for names that nobody may guess. */
  token(bytes: number): string;
}

export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What the gateway counts; names and units are the adapter's business. */
export interface Metrics {
  clickAccepted(how: 'queued' | 'merged' | 'remembered'): void;
  clickRefused(code: string): void;
  /** A request was refused before it was looked at, by this of the rate limits. */
  requestRefused(policy: string): void;
  segmentEnded(outcome: 'completed' | 'failed', totalMs: number): void;
  featureCall(
    kind: 'encode' | 'segment',
    outcome: string,
    durationMs: number,
    server: ServerId,
  ): void;
  /** Whether a feature server is called at present. */
  featureServer(server: ServerId, isUp: boolean): void;
  /** A mask came this much later than foretold; below 0 for earlier. */
  etaMissed(byMs: number): void;
  streamsOpen(change: 1 | -1): void;
  streamReset(reason: string): void;
  streamFrames(count: number, bytes: number): void;
}

/** Runs what the gateway has claimed; never decides the order between sessions. */
export interface TaskRunner {
  /** Starts the task now or when a place is free. The task handles its own failures. */
  run(task: () => Promise<void>): void;
  /** Tasks under way and waiting for a place. */
  readonly active: number;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}
