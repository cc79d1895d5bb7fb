/** A real redis-server for tests: a child process on a free port that keeps nothing on disk. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { within } from '../contract/support.ts';
import { spawnBound } from '../support/bound-child.ts';

const PROGRAM = '/usr/bin/redis-server';
const START_MS = 15_000;
/** Another process may take the free port first. */
const ATTEMPTS = 5;

/** How a server is spoken to. */
interface Access {
  /** That its arguments ask for. */
  readonly password?: string | undefined;
  /** It speaks TLS with this and nothing else, also to other servers. */
  readonly certificate?: Certificate | undefined;
}

/** Files of a certificate that is its own authority. */
export interface Certificate {
  readonly file: string;
  readonly keyFile: string;
}

export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #args: readonly string[];
  readonly #folder: string;
  readonly #sentinelOf: string | undefined;
  readonly #access: Access;
  #child: ChildProcess | undefined;

  private constructor(port: number, args: readonly string[], access: Access, sentinelOf?: string) {
    this.port = port;
    this.#args = args;
    this.#access = access;
    this.#sentinelOf = sentinelOf;
    this.#folder = mkdtempSync(join(tmpdir(), 'maskwire-redis-'));
  }

  /** Resolves when it takes commands. `args` like `--requirepass secret`. */
  static start(args: readonly string[] = [], access: Access = {}): Promise<RedisServer> {
    return RedisServer.#start((port) => new RedisServer(port, args, access));
  }

  /** A Sentinel. `directives` like `sentinel monitor name 127.0.0.1 6379 2`, a line each. */
  static startSentinel(directives: string, access: Access = {}): Promise<RedisServer> {
    return RedisServer.#start((port) => new RedisServer(port, [], access, directives));
  }

  static async #start(make: (port: number) => RedisServer): Promise<RedisServer> {
    for (let attempt = 1; ; attempt += 1) {
      const server = make(await freePort());
      try {
        await server.resume();
        return server;
      } catch (error) {
        await server[Symbol.asyncDispose]();
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }

  get url(): string {
    return `${schemeOf(this.#access)}://127.0.0.1:${this.port}`;
  }

  /** Of the process that runs now; 0 when there is none. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it again on its port after {@link stop}; with its data if it keeps any. */
  async resume(): Promise<void> {
    const child = spawnBound(PROGRAM, this.#commandLine(), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let output = '';
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (/Ready to accept connections|Sentinel ID is/.test(output)) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`redis-server ended: ${output.slice(-500)}`)));
    await within('redis-server to start', promise, START_MS);
  }

  /** Ends it at once, like a power cut; its port stays reserved for {@link resume}. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
    await within('redis-server to end', promise, START_MS);
  }

  /** It stands still: connections stay open and nothing is answered, like a half-open link. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** One command on a connection of its own. */
  async command(command: readonly (string | number)[]) {
    const [name = '', ...args] = command;
    const { password = '', certificate } = this.#access;
    const tls = certificate && { tls: { ca: readFileSync(certificate.file) } };
    const options = { host: '127.0.0.1', password, ...tls };
    const client = new Redis({ ...options, port: this.port, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      return await client.call(String(name), ...args);
    } finally {
      client.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #commandLine(): string[] {
    const place = [...listening(this.port, this.#access), '--dir', this.#folder];
    if (this.#sentinelOf === undefined) {
      const nothingKept = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
      return [...place, ...nothingKept, ...this.#args];
    }
    // Sentinels write what they learn into their file, and need one.
    const file = join(this.#folder, 'sentinel.conf');
    writeFileSync(file, `${this.#sentinelOf}\n`);
    return [file, '--sentinel', ...place, ...this.#args];
  }
}

/** Of its URL. */
export const schemeOf = ({ certificate }: Access) => (certificate ? 'rediss' : 'redis');

function listening(port: number, { certificate }: Access): string[] {
  const place = ['--bind', '127.0.0.1'];
  if (certificate === undefined) return ['--port', `${port}`, ...place];
  const { file, keyFile } = certificate;
  return [
    ...['--port', '0', '--tls-port', `${port}`, ...place],
    ...['--tls-cert-file', file, '--tls-key-file', keyFile, '--tls-ca-cert-file', file],
    ...['--tls-auth-clients', 'no', '--tls-replication', 'yes', '--tls-cluster', 'yes'],
  ];
}

export async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((closed) => {
    server.close(() => closed());
  });
  return port;
}
