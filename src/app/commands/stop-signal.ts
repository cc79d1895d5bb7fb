import { EXIT } from './command-error.ts';

/**
 * Runs `stop` at the first SIGTERM or SIGINT. A second one ends the process at once: whoever presses
 * Ctrl-C twice means it.
 */
export function onStopSignal(stop: () => Promise<void>): void {
  let stopping = false;
  const receive = () => {
    if (stopping) process.exit(EXIT.failure);
    stopping = true;
    stop().then(
      () => process.exit(EXIT.ok),
      (error: unknown) => {
        console.error('maskwire: stopping failed:', error);
        process.exit(EXIT.failure);
      },
    );
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
}
