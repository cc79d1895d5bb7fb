import { readdir } from 'node:fs/promises';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { areaOfRuns, decodeRle } from '../../src/core/rle.ts';
import { DISC, gateway, inDisc, maskwire, temporaryFolder, writeDisc } from './harness.ts';

const { width, height, x, y } = DISC;

/** Pixels in both over pixels in either. */
function overlap(mask: Uint8Array): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < mask.length; i++) {
    const drawn = inDisc(i % width, Math.floor(i / width));
    const found = mask[i] !== 0;
    if (drawn && found) both++;
    if (drawn || found) either++;
  }
  return both / either;
}

test('segment starts what it needs, writes mask and overlay, and leaves nothing running', async () => {
  await using folder = await temporaryFolder();
  await writeDisc(folder.file('disc.png'));
  const { code, stdout, stderr } = await maskwire(
    [
      'segment',
      'disc.png',
      '--point',
      `${x},${y}`,
      '--point',
      '5,5,0',
      '-o',
      'm.png',
      '--overlay',
      'o.png',
    ],
    { cwd: folder.path },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^m\.png: [\d.]+ % of 160 × 120 pixels, score /);
  const mask = sharp(folder.file('m.png'));
  expect(await mask.metadata()).toMatchObject({ format: 'png', width, height, channels: 1 });
  const pixels = await mask.extractChannel(0).raw().toBuffer();
  expect(new Set(pixels)).toEqual(new Set([0, 255]));
  expect(overlap(pixels)).toBeGreaterThan(0.9);
  const [plain, drawn] = await Promise.all(
    ['disc.png', 'o.png'].map((name) => sharp(folder.file(name)).removeAlpha().raw().toBuffer()),
  );
  const at = (picture: Buffer | undefined, px: number, py: number) =>
    picture?.subarray((py * width + px) * 3, (py * width + px) * 3 + 3).join();
  expect(at(drawn, 5, 5), 'beside the object nothing is drawn').toBe(at(plain, 5, 5));
  expect(at(drawn, x, y), 'on it there is a tint').not.toBe(at(plain, x, y));
});

test('A17 segment --json prints the answer of a running gateway and keeps nothing there', async () => {
  await using folder = await temporaryFolder();
  await writeDisc(folder.file('disc.png'));
  await using running = await gateway();
  const box = `${x - 36},${y - 36},72,72`;
  const { code, stdout } = await maskwire(
    ['segment', 'disc.png', '--box', box, '--json', '--url', running.url],
    { cwd: folder.path },
  );
  expect(code).toBe(0);
  const answer = JSON.parse(stdout) as {
    sessionId: string;
    status: string;
    result: { mask: { size: [number, number]; counts: string }; area: number };
  };
  expect(answer.status).toBe('completed');
  expect(answer.result.mask.size).toEqual([height, width]);
  expect(areaOfRuns(decodeRle(answer.result.mask))).toBe(answer.result.area);
  expect(await readdir(folder.path), 'no mask was asked for').toEqual(['disc.png']);
  const session = await fetch(`${running.url}/v1/sessions/${answer.sessionId}`);
  expect(session.status).toBe(404);
});

test('A14 what the gateway refuses is told in one line', async () => {
  await using folder = await temporaryFolder();
  await writeDisc(folder.file('disc.png'));
  await using running = await gateway();
  const run = (file: string, point: string) =>
    maskwire(['segment', file, '--point', point, '--url', running.url], { cwd: folder.path });
  const outside = await run('disc.png', '999,5');
  expect(outside.code).toBe(1);
  expect(outside.stderr).toMatch(/^maskwire: .*outside.*\n$/);
  const far = Array.from({ length: 50 }, (_, n) => ['--point', `${1_000 + n},5`]).flat();
  const many = await maskwire(['segment', 'disc.png', ...far, '--url', running.url], {
    cwd: folder.path,
  });
  expect(many.stderr).toMatch(/points\[0\].*points\[2\].*; and more\)\n$/);
  expect(many.stderr).not.toContain('points[3]');
  const notAPicture = await run(import.meta.filename, '1,1');
  expect(notAPicture.code).toBe(1);
  expect(notAPicture.stderr.split('\n')).toHaveLength(2);
});
