import { describe, expect, test } from 'vitest';
import { World } from './world.ts';

/** More by `SIM_SEEDS=100000 npx vitest run test/sim`; the same seed is always the same run. */
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 2_000);
const CHUNK = 250;
const TIMEOUT_MS = 300_000;

const chunks = Array.from({ length: Math.ceil(SEEDS / CHUNK) }, (_, index) => index * CHUNK + 1);

describe('the whole gateway on a virtual clock with seeded faults', () => {
  test.each(chunks)(
    'A19 A21 A23 B6 dense log, one ending a click, exact replay, ceiling held: seeds from %i on',
    async (first) => {
      let clicks = 0;
      for (let seed = first; seed < Math.min(first + CHUNK, SEEDS + 1); seed += 1) {
        const report = await new World(seed).play();
        expect(report.errors, `seed ${seed}`).toEqual([]);
        clicks += report.clicks;
      }
      // A run in which nothing was clicked proves nothing.
      expect(clicks).toBeGreaterThan(CHUNK);
    },
    TIMEOUT_MS,
  );
});
