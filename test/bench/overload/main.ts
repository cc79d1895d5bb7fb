/**
 * `npm run bench:overload -- [CASE …] [options]`: what becomes of the feature server and of those who
 * wait when more clicks come than it can do. Open loop: clicks come at their times, whatever becomes
 * of those before them. Naive proxy, FIFO queue and Maskwire are measured side by side.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printFigures } from '../support/figures.ts';
import { capacityChange } from './cases/capacity-change.ts';
import type { Table } from './cases/case.ts';
import { coldStart } from './cases/cold-start.ts';
import { everyday } from './cases/everyday.ts';
import { fastClicker } from './cases/fast-clicker.ts';
import { faults } from './cases/faults.ts';
import { heavySession } from './cases/heavy-session.ts';
import { offeredLoad } from './cases/offered-load.ts';
import { undoRedo } from './cases/undo-redo.ts';
import type { Settings } from './settings.ts';
import { readSettings, USAGE } from './settings.ts';
import { drawSvg } from './svg.ts';

const CASES = [
  offeredLoad,
  heavySession,
  fastClicker,
  capacityChange,
  coldStart,
  everyday,
  undoRedo,
  faults,
];

const settings = settingsOrExit();
if (settings.help) {
  console.log(USAGE);
  process.exit();
}
const { stub, speed, seed, virtual } = settings;
const chosen = CASES.filter(({ name, realOnly }) =>
  settings.cases.length === 0 ? !(virtual && realOnly === true) : settings.cases.includes(name),
);
console.log(
  `Node ${process.version}; seed ${seed}; a call takes ${stub.serviceMs} ms (CV ${stub.cv}), each further multiple of the capacity costs ${100 * stub.penalty} % of the throughput`,
);
if (virtual)
  console.log(
    'On a virtual clock: gateways without sockets on the memory engine, models of the peers.',
  );
if (speed !== 1) {
  console.log(`Everything runs ${speed} × as fast; times are given as if it did not.`);
}
console.log(`Settings of the gateways: ${JSON.stringify(settings.gatewayEnv({}))}`);

const results: Record<string, Table[]> = {};
for (const { name, about, run } of chosen) {
  console.log(`\n# ${name}: ${about}`);
  const tables: Table[] = [];
  results[name] = tables;
  await run(settings, {
    table(table) {
      tables.push(table);
      console.log(`\n ${table.title}`);
      printFigures(table.figures);
    },
    drawing: ({ name: file, chart }) => draw(file, drawSvg(chart)),
  });
}
if (settings.json !== undefined) {
  const { cases: _, json, draw: __, help: ___, ...rest } = settings;
  const text = JSON.stringify({ node: process.version, settings: rest, results }, null, 2);
  writeFileSync(json ?? '', `${text}\n`);
}

function draw(file: string, svg: string): void {
  if (settings.draw === undefined) return;
  mkdirSync(settings.draw, { recursive: true });
  writeFileSync(join(settings.draw, `${file}.svg`), svg);
}

function settingsOrExit(): Settings {
  try {
    const read = readSettings(process.argv.slice(2));
    const unknown = read.cases.filter((name) => !CASES.some((known) => known.name === name));
    if (unknown.length === 0) return read;
    const names = CASES.map(({ name }) => name).join(', ');
    console.error(`There is no case called ${unknown.join(', ')}; there are ${names}.`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
  process.exit(2);
}
