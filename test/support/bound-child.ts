/** Children that end with this process, however it ends. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Has the system kill the child when its parent is gone; it then becomes the program (Linux). */
const BINDER = '/usr/bin/setpriv';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * `spawn` for servers: an exception nobody caught, a signal, even a SIGKILL of this process leaves
 * none behind.
 */
export function spawnBound(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const bound = existsSync(BINDER);
  const child = bound
    ? spawn(BINDER, ['--pdeathsig', 'KILL', program, ...args], options)
    : spawn(program, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}
