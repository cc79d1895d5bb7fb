#!/usr/bin/env node
/** Where the process begins. Everything else is loaded after the look at Node's version. */

/** The first with `await using` in its own syntax, which the rest of the code is written in. */
const OLDEST_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  console.error(`maskwire: needs Node.js ${OLDEST_NODE} or newer; this is ${process.version}.`);
  process.exitCode = 1;
} else {
  const { run } = await import('./commands/program.ts');
  process.exitCode = await run(process.argv.slice(2));
}
