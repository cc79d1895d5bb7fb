import { Command } from 'commander';
import { describeEnvironment, loadConfig, processEnvironment } from '../config.ts';

/** `maskwire check-config`: reads the environment as `serve` would, and says what it found. */
export function checkConfigCommand(): Command {
  return new Command('check-config')
    .description('Check the environment and show every setting, without starting anything')
    .addHelpText('after', '\nExample:\n  MASKWIRE_MAX_OBJECTS=20 maskwire check-config')
    .action(() => {
      const env = processEnvironment();
      const { warnings } = loadConfig(env);
      for (const warning of warnings) console.error(`maskwire: warning: ${warning}`);
      const settings = describeEnvironment(env);
      const width = Math.max(...settings.map(({ name }) => name.length));
      for (const { name, text, source } of settings) {
        const origin = source === 'environment' ? '  (environment)' : '';
        console.log(`${name.padEnd(width)}  ${text === '' ? '-' : text}${origin}`);
      }
    });
}
