import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { checkConfigCommand } from './check-config.ts';
import { CommandError, EXIT } from './command-error.ts';
import { featureServerCommand } from './feature-server.ts';
import { segmentCommand } from './segment.ts';
import { serveCommand } from './serve.ts';
import { tailCommand } from './tail.ts';

/** Reads the arguments, runs the command that they name, and answers its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // Whoever reads our output may stop at any time (`maskwire tail … | head`).
  process.stdout.on('error', () => process.exit(EXIT.ok));
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return report(error);
  }
}

function createProgram(): Command {
  const program = new Command('maskwire')
    .description('Click-to-segment gateway: clicks in as POSTs, masks out on one event stream')
    .version(installedVersion(), '-V, --version', 'show the version')
    .helpCommand(false)
    .showHelpAfterError('Run with --help to see what it understands.');
  for (const create of [
    serveCommand,
    segmentCommand,
    tailCommand,
    featureServerCommand,
    checkConfigCommand,
  ]) {
    program.addCommand(create());
  }
  // Commander would end the process by itself, in the middle of whatever is open.
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}

/** The package's own; its file lies as far above the sources as above what is built of them. */
function installedVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
  return version;
}

function report(error: unknown): number {
  // Commander has said what is wrong already, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ConfigError) {
    console.error(`maskwire: ${error.message}`);
    return EXIT.usage;
  }
  if (error instanceof CommandError) {
    console.error(`maskwire: ${error.message}`);
    return error.exitCode;
  }
  console.error('maskwire: something went wrong that should not have:', error);
  return EXIT.failure;
}
