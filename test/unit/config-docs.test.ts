import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { markdownTable } from '../../src/app/config/variables.ts';

test('A33 the README lists every variable as it is', async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(markdownTable());
});
