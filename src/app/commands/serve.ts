import { Command } from 'commander';
import { host, integer } from '../config/variable.ts';
import type { Config, Environment } from '../config.ts';
import { loadConfig, processEnvironment } from '../config.ts';
import { argument } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { listenFailure } from './listen-failure.ts';
import { onStopSignal } from './stop-signal.ts';
import { sizeYoungGeneration } from './young-generation.ts';

interface Options {
  readonly host?: string;
  readonly port?: number;
}

/** `maskwire serve`: the gateway. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the gateway; configured by the environment, see check-config')
    .option('--host <host>', 'address to listen on (HOST)', argument(host))
    .option(
      '--port <port>',
      'port to listen on; 0 takes a free one (PORT)',
      argument(integer(0, 65_535)),
    )
    .addHelpText('after', '\nExample:\n  maskwire serve --port 9000')
    .action(runServe);
}

async function runServe(options: Options): Promise<void> {
  sizeYoungGeneration();
  const { config, warnings } = loadConfig(withOptions(processEnvironment(), options));
  for (const warning of warnings) console.error(`maskwire: warning: ${warning}`);
  // Loaded when it is needed: a mistyped option should not wait for image codecs.
  const [{ serve }, { StorageError }] = await Promise.all([
    import('../serve.ts'),
    import('../storage.ts'),
  ]);
  const gateway = await serve(config).catch((error: unknown) => {
    if (error instanceof StorageError) throw new CommandError(error.message, { cause: error });
    throw listenFailure(error, config.host, config.port);
  });
  console.log(`Maskwire is listening on ${gateway.url}`);
  for (const line of aboutParts(config)) console.log(line);
  onStopSignal(() => gateway.close());
}

/** What is embedded, and what a restart loses. */
function aboutParts({ featureServer, storage }: Config): readonly string[] {
  const server =
    featureServer.urls.length === 0
      ? ['the feature server (classical segmentation, no trained weights)']
      : [];
  if (storage.redisUrl === undefined) {
    return [
      `Embedded: ${[...server, 'storage in memory'].join(' and ')}.`,
      'A restart forgets all sessions, images and masks. Ctrl-C stops it.',
    ];
  }
  return [
    ...server.map((part) => `Embedded: ${part}.`),
    'Storage: Redis; sessions outlive this gateway. Ctrl-C stops it.',
  ];
}

/** Options are variables that were typed instead of exported. */
function withOptions(env: Environment, { host, port }: Options): Environment {
  return {
    ...env,
    ...(host === undefined ? {} : { HOST: host }),
    ...(port === undefined ? {} : { PORT: String(port) }),
  };
}
