import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ProblemError } from '../../../core/problem.ts';
import { bytes, empty, isKnown } from '../answers.ts';
import type { Call } from '../node-http.ts';
import { headerOf } from '../node-http.ts';

/** Kinds of file that the page is made of; nothing else is given out. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/** One step of a path: no dots in front, no slashes, nothing that a file system could read otherwise. */
const STEP = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/**
 * Sends a file from below `root`, by the steps of its path.
 * @throws {ProblemError} `not_found`, also for every path that is no plain one
 */
export async function sendFile(
  call: Call,
  root: string,
  steps: readonly string[],
  extra: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const type = TYPES[extname(steps.at(-1) ?? '')];
  if (type === undefined || !steps.every((step) => STEP.test(step))) throw notFound();
  const content = await read(join(root, ...steps));
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  const headers = { ETag: etag, 'Cache-Control': 'no-cache', 'Content-Type': type, ...extra };
  if (isKnown(headerOf(call.env.incoming, 'if-none-match'), etag)) return empty(304, headers);
  return bytes(200, content, headers);
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw notFound(error);
  }
}

const notFound = (cause?: unknown) =>
  new ProblemError('not_found', 'There is no such file.', { cause });
