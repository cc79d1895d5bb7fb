import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { host, integer } from '../config/variable.ts';
import type { Environment } from '../config.ts';
import { loadConfig, processEnvironment } from '../config.ts';
import { argument } from './arguments.ts';
import { listenFailure } from './listen-failure.ts';
import { onStopSignal } from './stop-signal.ts';

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

/**
 * Keeps the heap's young generation at its initial size. Left alone it grows to 48 MiB when thousands
 * of streams open at once, and stays there: 10 KB for each of 5,000.
 */
function boundYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

async function runServe(options: Options): Promise<void> {
  boundYoungGeneration();
  const { config, warnings } = loadConfig(withOptions(processEnvironment(), options));
  for (const warning of warnings) console.error(`maskwire: warning: ${warning}`);
  // Loaded when it is needed: a mistyped option should not wait for image codecs.
  const { serve } = await import('../serve.ts');
  const gateway = await serve(config).catch((error: unknown) => {
    throw listenFailure(error, config.host, config.port);
  });
  console.log(`Maskwire is listening on ${gateway.url}`);
  const { url } = config.featureServer;
  console.log(
    url === undefined
      ? 'Embedded: the feature server (classical segmentation, no trained weights) and storage in memory.'
      : 'Embedded: storage in memory.',
  );
  console.log('A restart forgets all sessions, images and masks. Ctrl-C stops it.');
  onStopSignal(() => gateway.close());
}

/** Options are variables that were typed instead of exported. */
function withOptions(env: Environment, { host, port }: Options): Environment {
  return {
    ...env,
    ...(host === undefined ? {} : { HOST: host }),
    ...(port === undefined ? {} : { PORT: String(port) }),
  };
}
