/** B5 a gateway as a process of its own, and a feature server that answers garbage of every kind. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClickState, Snapshot } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import { residentBytes } from '../bench/support/gateway-process.ts';
import { addImage, click, openSession, openWithImage, send } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';
import { gateway } from './harness.ts';
import type { AttackName } from './hostile-feature-server.ts';
import {
  ATTACK_NAMES,
  startHostileServer,
  UNPREPARED_WIDTH,
  xOf,
} from './hostile-feature-server.ts';

const MIB = 1024 * 1024;
/** Sockets of both sides and the kernel hold some megabytes on top of the two that are read. */
const MOST_TAKEN = 12 * MIB;
const MOST_GROWTH = 96 * MIB;

let server: Awaited<ReturnType<typeof startHostileServer>>;
let running: Awaited<ReturnType<typeof gateway>>;
let calm: readonly Awaited<ReturnType<typeof openWithImage>>[];
let attacked: Awaited<ReturnType<typeof openWithImage>>;

beforeAll(async () => {
  server = await startHostileServer();
  running = await gateway({
    FEATURE_SERVER_URL: server.url,
    FEATURE_CONCURRENCY: '4',
    MASKWIRE_CALL_TIMEOUT_MS: '1500',
    MASKWIRE_ENCODE_TIMEOUT_MS: '1500',
    MASKWIRE_MAX_OBJECTS: '200',
    MASKWIRE_RATE_LIMIT: 'off',
    MASKWIRE_LOG_LEVEL: 'silent',
  });
  attacked = await openWithImage(running);
  calm = [await openWithImage(running), await openWithImage(running)];
});
afterAll(async () => {
  await running?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

let objects = 0;

/** Clicks on a new object; how that ended. */
async function ended(session: typeof attacked, x: number): Promise<ClickState> {
  const { sessionId, imageId } = session;
  objects += 1;
  // Another place each time: what was answered before would be answered from memory.
  const points = [{ x, y: objects / 10, label: 1 }];
  const { clickId } = await click(running, sessionId, { imageId, objectId: `o${objects}`, points });
  const answer = await send(running, 'GET', `${paths.click(sessionId, clickId)}?wait=30`);
  return (await answer.json()) as ClickState;
}

/** Two sessions that have nothing to do with it click all the while. */
const undisturbed = async () =>
  (await Promise.all(calm.map((session) => ended(session, 0)))).map(({ status }) => status);

const expectedCode = (name: AttackName) =>
  name === 'a byte at a time' ? 'feature_server_timeout' : 'feature_server_failed';

test.each(ATTACK_NAMES)('B5 %s fails the click that it answers, and no other', async (name) => {
  const before = server.sent;
  const [hit, others] = await Promise.all([ended(attacked, xOf(name)), undisturbed()]);
  expect(others).toEqual(['completed', 'completed']);
  expect(hit.status).toBe('failed');
  expect(hit.problem?.code).toBe(expectedCode(name));
  expect(hit.problem?.detail).not.toMatch(/127\.0\.0\.1|http:|\/v1\//);
  // Two attempts at most.
  expect(server.sent - before).toBeLessThan(2 * MOST_TAKEN);
});

test('B5 no redirect was followed', () => {
  expect(server.strayed).toBe(0);
});

test('B5 an embedding that makes no sense fails the image, and the clicks on it', async () => {
  const { sessionId } = attacked;
  const png = await plainPng(UNPREPARED_WIDTH, 40);
  const { imageId } = await addImage(running, sessionId, png);
  const image = async () => {
    const snapshot = await send(running, 'GET', paths.session(sessionId));
    const { images } = (await snapshot.json()) as Snapshot;
    return images.find((each) => each.imageId === imageId);
  };
  await expect
    .poll(image, { timeout: 20_000 })
    .toMatchObject({ status: 'failed', problem: { code: 'feature_server_failed' } });
  const hit = await ended({ sessionId, imageId }, 0);
  expect([hit.status, hit.problem?.code]).toEqual(['failed', 'feature_server_failed']);
  expect(await undisturbed()).toEqual(['completed', 'completed']);
});

test('B5 gigabytes, one after the other, leave the gateway as large as it was', async () => {
  const { pid = 0 } = running.child;
  await undisturbed();
  const before = residentBytes(pid);
  for (let round = 0; round < 8; round += 1) {
    const [hit, others] = await Promise.all([
      ended(attacked, xOf(round % 2 === 0 ? 'a gigabyte' : 'headers without end')),
      undisturbed(),
    ]);
    expect([hit.status, ...others]).toEqual(['failed', 'completed', 'completed']);
  }
  expect(residentBytes(pid) - before).toBeLessThan(MOST_GROWTH);
});

test('A22 B5 garbage counts against the server: callers learn that it is degraded, and when it is well', async () => {
  const { sessionId } = await openSession(running);
  const state = async () => {
    const answer = await send(running, 'GET', paths.session(sessionId));
    return ((await answer.json()) as Snapshot).service.state;
  };
  await undisturbed();
  await expect.poll(state).toBe('ok');
  await Promise.all(
    ['another schema', 'a page', 'a reset'].map(async (name) => {
      return await ended(attacked, xOf(name as AttackName));
    }),
  );
  await expect.poll(state).toBe('degraded');
  expect(await undisturbed()).toEqual(['completed', 'completed']);
  await expect.poll(state, { timeout: 10_000 }).toBe('ok');
});
