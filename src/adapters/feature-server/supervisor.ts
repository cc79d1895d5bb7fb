import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Clock, Logger, Timer } from '../../ports/system.ts';
import { failed } from './failure.ts';

/** First pause before a server that died is started again; doubled each time. */
const FIRST_PAUSE_MS = 250;
/** A server that dies at once every time must not eat a core. */
const MAX_PAUSE_MS = 10_000;
/** One that ran this long was fine: its next death starts the pauses anew. */
const STEADY_MS = 30_000;
/** A child that has not announced itself by then hangs. */
const START_TIMEOUT_MS = 30_000;
/** Between asking a child to end and ending it. */
const GRACE_MS = 3_000;

/** What a supervised server sends over IPC when it listens. */
export interface Announcement {
  readonly type: 'listening';
  readonly url: string;
}

export interface SupervisorOptions {
  /** Module that is run in a process of its own; it announces itself and ends when IPC closes. */
  readonly entry: string;
  readonly args: readonly string[];
  /** The child's whole environment: secrets travel in it, never in arguments that `ps` shows. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps the embedded feature server running beside the gateway, in a process of its own so that
 * neither its memory nor its crashes are the gateway's. It is started again, with growing pauses,
 * whenever it dies. It ends with the gateway, however that ends: the child watches the IPC channel,
 * which closes even at a kill -9.
 *
 * @example
 * await using supervisor = new FeatureServerSupervisor({ entry, args: ['feature-server'], … });
 * await supervisor.start();
 * await supervisor.address(signal); // http://127.0.0.1:40123, another one after a restart
 */
export class FeatureServerSupervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions;
  #child: ChildProcess | undefined;
  #url = Promise.withResolvers<string>();
  #started = false;
  #announced = false;
  #restart: Timer | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #stopping = false;
  #lastWords = '';

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Process id of the child, while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Starts the server; resolves when it listens.
   * @throws when the very first attempt fails: that is not an accident, something is wrong
   */
  async start(): Promise<void> {
    const ended = Promise.withResolvers<never>();
    // It will end some day; by then nobody waits for that here.
    ended.promise.catch(() => {});
    this.#launch().once('close', () => {
      ended.reject(new Error(`The embedded feature server did not start. ${this.#lastWords}`));
    });
    try {
      await Promise.race([this.#url.promise, ended.promise]);
      this.#started = true;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where the server listens; waits while it is being started again, until the signal aborts. */
  async address(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.#url.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Ends the server: asks first, then insists. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    this.#restart?.cancel();
    this.#abandonUrl();
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, 'close');
    child.kill('SIGTERM');
    const insist = this.#options.clock.after(GRACE_MS, () => child.kill('SIGKILL'));
    await gone;
    insist.cancel();
  }

  #launch(): ChildProcess {
    const { entry, args, env, clock, log } = this.#options;
    const startedAt = clock.now();
    const child = fork(entry, [...args], {
      env,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    for (const output of [child.stdout, child.stderr]) this.#listen(output);
    const timeout = clock.after(START_TIMEOUT_MS, () => child.kill('SIGKILL'));
    child.on('message', (message) => {
      if (!isAnnouncement(message)) return;
      timeout.cancel();
      this.#announced = true;
      this.#url.resolve(message.url);
    });
    // Without a listener a failed start would be an uncaught exception; 'close' follows it.
    child.on('error', (error) => log.error('the feature server process failed', { error }));
    // Not 'exit', which comes before the child's last words were read.
    child.once('close', (code, signal) => {
      timeout.cancel();
      this.#ended(clock.now() - startedAt, code, signal);
    });
    return child;
  }

  #ended(ranMs: number, code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    if (this.#stopping || !this.#started) return;
    if (this.#announced) {
      this.#announced = false;
      this.#url = Promise.withResolvers<string>();
    }
    if (ranMs >= STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#options.log.error('the embedded feature server ended; it is started again', {
      code,
      signal,
      inMs: this.#pauseMs,
    });
    this.#launchLater();
  }

  #launchLater(): void {
    const { clock, log } = this.#options;
    this.#restart = clock.after(this.#pauseMs, () => {
      try {
        this.#launch();
      } catch (error) {
        // The system has no process to give; later it may.
        log.error('the embedded feature server could not be started', { error });
        this.#launchLater();
      }
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
  }

  /** Whoever waits for an address must not wait for ever. */
  #abandonUrl(): void {
    if (!this.#announced) {
      this.#url.promise.catch(() => {});
      this.#url.reject(failed('The embedded feature server was stopped.'));
    }
  }

  #listen(output: Readable | null): void {
    if (output === null) return;
    createInterface({ input: output }).on('line', (line) => {
      this.#lastWords = line;
      this.#options.log.warn('the embedded feature server says', { line });
    });
  }
}

function isAnnouncement(message: unknown): message is Announcement {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'listening' &&
    'url' in message &&
    typeof message.url === 'string'
  );
}
