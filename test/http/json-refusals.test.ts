import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openWithImage, send, snapshotOf, startGateway } from '../support/http-gateway.ts';
import { ANY_JSON, CLICKS, OBJECTS, SESSIONS } from './bad-json.ts';

let gateway: TestGateway;
let sessionId: string;
let imageId: string;
let objectId: string;

beforeAll(async () => {
  gateway = await startGateway();
  ({ sessionId, imageId } = await openWithImage(gateway));
  const accepted = await click(gateway, sessionId, { imageId });
  ({ objectId } = accepted);
  await send(gateway, 'GET', `${accepted.links.self}?wait=5`);
});
afterAll(() => gateway[Symbol.asyncDispose]());

const ENDPOINTS = [
  { name: 'POST sessions', method: 'POST', path: () => paths.sessions, cases: SESSIONS },
  { name: 'POST clicks', method: 'POST', path: () => paths.clicks(sessionId), cases: CLICKS },
  {
    name: 'PATCH object',
    method: 'PATCH',
    path: () => paths.object(sessionId, objectId),
    cases: OBJECTS,
  },
].map((endpoint) => ({ ...endpoint, cases: [...ANY_JSON, ...endpoint.cases] }));

describe.each(ENDPOINTS)('A2 $name', ({ method, path, cases }) => {
  it.each(cases)('A2 refuses $what and changes nothing', async (input) => {
    const body = typeof input.body === 'function' ? input.body(imageId) : input.body;
    const before = await stateOf();

    const response = await fetch(`${gateway.url}${path()}`, {
      method,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': input.type ?? 'application/json' },
    });

    const problem = (await response.json()) as Problem;
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect({ status: response.status, code: problem.code }).toEqual({
      status: input.status ?? 400,
      code: input.code ?? 'invalid_request',
    });
    expect(problem.status).toBe(response.status);
    if (input.paths) expect(problem.errors?.map((error) => error.path)).toEqual(input.paths);
    expect(JSON.stringify(problem)).not.toMatch(/node_modules|src\/|at Object|\.ts:/);
    expect(await stateOf()).toEqual(before);
  });
});

/** All that a refused request must leave as it was. */
async function stateOf() {
  const { expiresAt: _, ...snapshot } = await snapshotOf(gateway, sessionId);
  return snapshot;
}
