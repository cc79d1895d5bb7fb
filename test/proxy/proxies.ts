/** nginx and HAProxy as processes, with the very configuration files of `deploy/`. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../redis/redis-server.ts';
import { eventually } from '../support/eventually.ts';
import { Running } from './processes.ts';

const DEPLOY = new URL('../../deploy/', import.meta.url);
/** A proxy listens within this, on a machine that is busy. */
const START_MS = 30_000;

/** A proxy that listens. */
export interface ProxyProcess extends AsyncDisposable {
  readonly url: string;
  readonly process: Running;
}

interface Kind {
  readonly file: string;
  readonly program: string;
  readonly args: (file: string) => readonly string[];
  /**
   * What is changed in the file, and nothing else: where it listens, where it writes, and which
   * addresses the gateways have. Each text must occur.
   */
  readonly changes: (where: { port: number; folder: string }) => Readonly<Record<string, string>>;
}

const KINDS = {
  nginx: {
    file: 'nginx.conf',
    program: '/usr/sbin/nginx',
    args: (file) => ['-c', file, '-e', 'stderr', '-g', 'daemon off;'],
    changes: ({ port, folder }) => ({
      'listen 8080;': `listen 127.0.0.1:${port};`,
      '/tmp/nginx': `${folder}/nginx`,
      '/dev/stdout': `${folder}/access.log`,
    }),
  },
  haproxy: {
    file: 'haproxy.cfg',
    program: '/usr/sbin/haproxy',
    args: (file) => ['-db', '-f', file],
    changes: ({ port }) => ({ 'bind :8080': `bind 127.0.0.1:${port}` }),
  },
} as const satisfies Record<string, Kind>;

export type ProxyName = keyof typeof KINDS;
export const PROXY_NAMES = Object.keys(KINDS) as readonly ProxyName[];

/** Starts a proxy in front of gateways, given as `host:port`; resolves when it answers. */
export async function startProxy(
  name: ProxyName,
  gateways: readonly [string, string],
): Promise<ProxyProcess> {
  const kind: Kind = KINDS[name];
  const folder = await mkdtemp(join(tmpdir(), `maskwire-${name}-`));
  // Started by root, nginx works as another user, who has to reach its temporary files.
  await chmod(folder, 0o755);
  const port = await freePort();
  const changes = {
    ...kind.changes({ port, folder }),
    'gateway-1:8787': gateways[0],
    'gateway-2:8787': gateways[1],
  };
  const file = join(folder, kind.file);
  await writeFile(file, changed(await readFile(new URL(kind.file, DEPLOY), 'utf8'), changes));
  const process = new Running(kind.program, kind.args(file));
  const proxy = {
    url: `http://127.0.0.1:${port}`,
    process,
    async [Symbol.asyncDispose]() {
      // SIGTERM: nginx's master has workers, which outlive it when it is killed.
      await process.stop('SIGTERM');
      await rm(folder, { recursive: true });
    },
  };
  try {
    await answers(proxy);
    return proxy;
  } catch (error) {
    await proxy[Symbol.asyncDispose]();
    throw error;
  }
}

function changed(text: string, changes: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [from, to] of Object.entries(changes)) {
    if (!result.includes(from)) throw new Error(`not in the configuration: ${from}`);
    result = result.replaceAll(from, to);
  }
  return result;
}

/** Neither proxy says when it listens; asking is the only way. */
async function answers({ url, process }: ProxyProcess): Promise<void> {
  const ask = async () => {
    if (process.ended) return false;
    const response = await fetch(`${url}/healthz`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`status ${response.status}`);
    return true;
  };
  const printed = () => process.lines.join('\n');
  const answered = await eventually('the proxy answers', ask, START_MS).catch((cause: unknown) => {
    throw new Error(`the proxy does not answer:\n${printed()}`, { cause });
  });
  if (!answered) throw new Error(`the proxy ended:\n${printed()}`);
}
