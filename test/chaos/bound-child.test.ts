import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { within } from '../support/http-within.ts';

const BOUND = new URL('../support/bound-child.ts', import.meta.url);
const DEADLINE_MS = 10_000;

/**
 * A process that starts a server and then does what it is told by `then`; the server's id, and the
 * end of both: the server holds the process's output open as long as it lives.
 */
async function parent(then: string) {
  const program = `
    import { spawnBound } from ${JSON.stringify(BOUND.href)};
    const child = spawnBound('/bin/sleep', ['600'], { stdio: ['ignore', 'inherit', 'ignore'] });
    console.log(child.pid);
    ${then}`;
  const args = ['--input-type=module', '--eval', program];
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  const bothEnd = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  child.stdout.resume();
  return { child, server: Number(line.toString()), bothEnd };
}

test('a server does not outlive a driver that is killed', async () => {
  const { child, server, bothEnd } = await parent('process.stdin.resume();');
  expect(() => process.kill(server, 0)).not.toThrow();
  child.kill('SIGKILL');
  await expect(within(bothEnd, 'the server ends', DEADLINE_MS)).resolves.toBeDefined();
});

test('a server does not outlive a driver that crashes', async () => {
  const { bothEnd } = await parent("setTimeout(() => { throw new Error('on purpose'); }, 50);");
  await expect(within(bothEnd, 'the server ends', DEADLINE_MS)).resolves.toBeDefined();
});
