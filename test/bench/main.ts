/**
 * `npm run bench -- [NAME …] [--json FILE]`: measures and prints figures, with what they are held to.
 * Peers are measured in the same run, since these figures mean little across machines.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { badInput } from './bad-input.ts';
import { featureServer } from './feature-server.ts';
import { idleStreams } from './idle-streams.ts';
import { latency } from './latency.ts';
import { photos } from './photos.ts';
import { redis } from './redis.ts';
import { returningReaders } from './returning-readers.ts';
import type { Figure } from './support/figures.ts';
import { printFigures } from './support/figures.ts';
import { throughput } from './throughput.ts';

const BENCHES = [
  featureServer,
  latency,
  throughput,
  redis,
  photos,
  badInput,
  idleStreams,
  returningReaders,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' } },
});
const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  const names = BENCHES.map((bench) => `"${bench.name}"`).join(', ');
  console.error(`There is no bench called ${unknown.join(', ')}; there are ${names}.`);
  process.exit(2);
}

const results: Record<string, readonly Figure[]> = {};
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`,
);
for (const bench of BENCHES) {
  if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
  console.log(`\n${bench.name}: ${bench.caution}`);
  const figures = await bench.run();
  results[bench.name] = figures;
  printFigures(figures);
}
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
}
