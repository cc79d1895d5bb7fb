import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const MIB = 1024 * 1024;
const MODULE = new URL('../../src/app/commands/young-generation.ts', import.meta.url).href;

/** Prints the size before, after, and after more has survived than would make it grow again. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { sizeYoungGeneration } from '${MODULE}';
  const size = () =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  const survivors = [];
  const survive = (count) => { for (let i = 0; i < count; i += 1) survivors.push({ i }); };
  const [atFirst, later] = process.argv.slice(1).map(Number);
  survive(atFirst);
  const sizes = [size()];
  sizeYoungGeneration();
  sizes.push(size());
  survive(later);
  sizes.push(size());
  console.log(JSON.stringify(sizes));
`;

async function sizes(flags: string[], atFirst: number, later: number): Promise<number[]> {
  const args = [...flags, '--input-type=module', '--eval', PROGRAM, `${atFirst}`, `${later}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as number[];
}

// A process that has loaded more has a larger one already: both begin with another size.
test.each([0, 200_000])(
  'the young generation is 64 MiB a half and stays so, after %i objects',
  async (objects) => {
    const [before, sized, later] = await sizes([], objects, 6_000_000);
    expect(before).toBeLessThan(128 * MIB);
    expect([sized, later]).toEqual([128 * MIB, 128 * MIB]);
  },
);

test('a small heap is left as it is', async () => {
  const [before, sized] = await sizes(['--max-old-space-size=64'], 0, 0);
  expect(sized).toBe(before);
});
