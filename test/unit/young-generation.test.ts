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
  survive(Number(process.argv[1]));
  const sizes = [size()];
  sizeYoungGeneration();
  sizes.push(size());
  survive(2_000_000);
  sizes.push(size());
  console.log(JSON.stringify(sizes));
`;

async function sizesWhenLoadedWith(objects: number): Promise<number[]> {
  const args = ['--input-type=module', '--eval', PROGRAM, String(objects)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as number[];
}

// A process that has loaded more has a larger one already: both begin with another size.
test.each([0, 200_000])(
  'the young generation is 16 MiB a half and stays so, after %i objects',
  async (objects) => {
    const [before, sized, later] = await sizesWhenLoadedWith(objects);
    expect(before).toBeLessThan(32 * MIB);
    expect([sized, later]).toEqual([32 * MIB, 32 * MIB]);
  },
);
