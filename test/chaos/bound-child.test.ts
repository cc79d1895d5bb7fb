import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BOUND = new URL('../support/bound-child.ts', import.meta.url);
const DEADLINE_MS = 10_000;

/** A process that starts a server and then does what it is told by `then`; the server's id. */
async function parent(then: string) {
  const program = `
    import { spawnBound } from ${JSON.stringify(BOUND.href)};
    const child = spawnBound('/bin/sleep', ['600'], { stdio: 'ignore' });
    console.log(child.pid);
    ${then}`;
  const args = ['--input-type=module', '--eval', program];
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const child = spawn(process.execPath, args, { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, server: Number(line.toString()) };
}

async function gone(pid: number): Promise<boolean> {
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; ) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

test('a server does not outlive a driver that is killed', async () => {
  const { child, server } = await parent('process.stdin.resume();');
  expect(() => process.kill(server, 0)).not.toThrow();
  child.kill('SIGKILL');
  expect(await gone(server)).toBe(true);
});

test('a server does not outlive a driver that crashes', async () => {
  const { server } = await parent("setTimeout(() => { throw new Error('on purpose'); }, 50);");
  expect(await gone(server)).toBe(true);
});
