import { Command } from 'commander';
import type { Announcement } from '../../adapters/feature-server/supervisor.ts';
import type { RunningFeatureServer } from '../../feature-server/server.ts';
import { isLoopbackHost } from '../config/hosts.ts';
import { host, integer } from '../config/variable.ts';
import { processEnvironment } from '../config.ts';
import { argument } from './arguments.ts';
import { CommandError, EXIT } from './command-error.ts';
import { listenFailure } from './listen-failure.ts';
import { onStopSignal } from './stop-signal.ts';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly workers?: number;
}

/** `maskwire feature-server`: the embedded feature server by itself. */
export function featureServerCommand(): Command {
  return new Command('feature-server')
    .description('Run the embedded feature server alone')
    .option('--host <host>', 'address to listen on', argument(host), '127.0.0.1')
    .option(
      '--port <port>',
      'port to listen on; 0 takes a free one',
      argument(integer(0, 65_535)),
      8788,
    )
    .option('--workers <n>', 'engine threads; one a core by default', argument(integer(1, 256)))
    .addHelpText(
      'after',
      `
FEATURE_SERVER_TOKEN in the environment is the bearer token that every call must carry.

Example:
  maskwire feature-server --port 8788 --workers 2
  FEATURE_SERVER_URL=http://127.0.0.1:8788 maskwire serve`,
    )
    .action(runFeatureServer);
}

async function runFeatureServer({ host, port, workers }: Options): Promise<void> {
  const token = processEnvironment()['FEATURE_SERVER_TOKEN']?.trim() || undefined;
  if (token === undefined && !isLoopbackHost(host)) {
    throw new CommandError(
      `${host} is beyond loopback: set FEATURE_SERVER_TOKEN, since it fetches any URL that it is told.`,
      { exitCode: EXIT.usage },
    );
  }
  const { startFeatureServer } = await import('../../feature-server/server.ts');
  const server = await startFeatureServer({
    host,
    port,
    token,
    ...(workers === undefined ? {} : { workers }),
    onError: (error) => console.error('feature server:', error),
  }).catch((error: unknown) => {
    throw listenFailure(error, host, port);
  });
  if (process.send === undefined) runAlone(server);
  else runSupervised(server, process.send.bind(process));
}

function runAlone(server: RunningFeatureServer): void {
  console.log(`The feature server is listening on ${server.url}`);
  onStopSignal(() => server.close());
}

/** Beside a gateway: announces itself, leaves Ctrl-C to the gateway, and never outlives it. */
function runSupervised(server: RunningFeatureServer, send: (message: Announcement) => void): void {
  process.on('disconnect', () => process.exit(EXIT.ok));
  process.on('SIGINT', () => {});
  process.once('SIGTERM', () => {
    void server.close().finally(() => process.exit(EXIT.ok));
  });
  send({ type: 'listening', url: server.url });
}
