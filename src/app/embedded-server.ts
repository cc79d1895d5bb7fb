import { randomBytes } from 'node:crypto';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FeatureServerSupervisor } from '../adapters/feature-server/supervisor.ts';
import type { Clock, Logger } from '../ports/system.ts';
import { childEnvironment, processEnvironment } from './config.ts';

/** The command line's own module: run from source in development, from `dist` otherwise. */
const ENTRY = fileURLToPath(new URL(`./cli${extname(import.meta.url)}`, import.meta.url));

export interface EmbeddedServer {
  readonly supervisor: FeatureServerSupervisor;
  /** Made for this process; nobody else can call the server, though it listens on loopback. */
  readonly token: string;
}

/** The embedded feature server, ready to be started beside a gateway. */
export function createEmbeddedServer(options: {
  readonly workers: number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}): EmbeddedServer {
  const { workers, clock, log } = options;
  const token = randomBytes(32).toString('base64url');
  const supervisor = new FeatureServerSupervisor({
    entry: ENTRY,
    args: [
      'feature-server',
      '--port',
      '0',
      ...(workers === undefined ? [] : ['--workers', String(workers)]),
    ],
    env: { ...childEnvironment(processEnvironment()), FEATURE_SERVER_TOKEN: token },
    clock,
    log,
  });
  return { supervisor, token };
}
