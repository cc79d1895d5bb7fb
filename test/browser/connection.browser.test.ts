import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LiveSession } from '../../src/client/index.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { startGateway } from './gateway-process.ts';
import { named, sampleSession, scene } from './sample-session.ts';
import { eventually, launch, StudioPage } from './studio-page.ts';

const apple = named('apple');
const pear = named('pear');

let gateway: GatewayProcess;
let browser: Browser;

beforeAll(async () => {
  const env = { MASKWIRE_HEARTBEAT_MS: '1000' };
  [gateway, browser] = await Promise.all([startGateway({ env }), launch()]);
});

afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

/** Someone else clicks in the same session, beside the page. */
async function clickElsewhere(
  { requests, imageId }: Awaited<ReturnType<typeof sampleSession>>,
  { x, y }: { readonly x: number; readonly y: number },
): Promise<void> {
  const body = { imageId, points: [{ x, y, label: 1 as const }] };
  const { clickId } = await requests.click(body, crypto.randomUUID());
  const { status } = await requests.clickState(clickId, 25);
  expect(status).toBe('completed');
}

interface Followed {
  session: LiveSession;
  sequences: number[];
}

/** Runs in the page: follows a session with the SDK that the gateway serves. */
function followInPage(sessionId: string): void {
  const { sdk } = globalThis as unknown as { sdk: typeof import('../../src/client/index.ts') };
  const session = new sdk.MaskwireClient().follow(sessionId);
  const followed: Followed = { session, sequences: [] };
  session.subscribe((_, frame) => {
    if (frame !== undefined && 'sequence' in frame) followed.sequences.push(frame.sequence);
  });
  Object.assign(globalThis, { followed });
}

/** Runs in the page: what {@link followInPage} has seen. */
function sequencesInPage() {
  const { session, sequences } = (globalThis as unknown as { followed: Followed }).followed;
  return { cursor: session.state.cursor, sequences: [...sequences] };
}

describe('the stream in a browser', () => {
  it('A23 goes on exactly where it was cut', async () => {
    await using proxy = await cuttingProxy(gateway.port);
    const session = await sampleSession(gateway.url);
    await using studio = await StudioPage.open(browser, `${proxy.url}/#${session.sessionId}`);
    const streams: string[] = [];
    studio.page.on('request', (request) => {
      if (request.resourceType() === 'eventsource') streams.push(request.url());
    });
    await studio.ready();
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
    const { cursor } = await session.requests.snapshot();
    proxy.set('down');
    proxy.cut();
    await studio.state('reconnecting');
    await clickElsewhere(session, pear.click);
    proxy.set('up');
    await studio.state('live');
    await studio.settled(2, 2);
    expect(streams.at(-1)).toContain(`after=${cursor}`);
    await eventually(() => studio.overlap([apple, pear], scene.width)).toBeGreaterThan(0.7);
  });

  it('A19 hands every event to a page once and in order, however often it is cut', async () => {
    await using proxy = await cuttingProxy(gateway.port);
    const session = await sampleSession(gateway.url);
    await using studio = await StudioPage.open(browser, proxy.url);
    // As text, since the test's own transpiler would put its loader into the function.
    await studio.page.evaluate(
      "import('/assets/client/index.js').then((sdk) => void Object.assign(globalThis, { sdk }))",
    );
    await studio.page.evaluate(followInPage, session.sessionId);
    const seen = () => studio.page.evaluate(sequencesInPage);
    await eventually(async () => (await seen()).cursor).toBeDefined();
    const start = await seen();
    for (const { click } of scene.objects.slice(0, 5)) {
      proxy.cut();
      await clickElsewhere(session, click);
    }
    const { cursor } = await session.requests.snapshot();
    const [first, last] = [start.cursor, cursor].map((text) => Number(text?.split('-')[1]));
    if (first === undefined || last === undefined) throw new Error('a cursor has two parts');
    const wanted = Array.from({ length: last - first }, (_, at) => first + 1 + at);
    await eventually(async () => (await seen()).sequences).toEqual(wanted);
    expect(wanted.length).toBeGreaterThanOrEqual(10);
  });

  it('A25 keeps clicks that are made while the network is away', async () => {
    await using proxy = await cuttingProxy(gateway.port);
    const session = await sampleSession(gateway.url);
    await using studio = await StudioPage.open(browser, `${proxy.url}/#${session.sessionId}`);
    let sent = 0;
    studio.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/clicks')) sent += 1;
    });
    await studio.ready();
    proxy.set('down');
    proxy.cut();
    await studio.state('reconnecting');
    await studio.click(apple.click.x, apple.click.y);
    // More often than a single request is tried.
    await eventually(async () => sent).toBeGreaterThan(4);
    await studio.click(pear.click.x, pear.click.y);
    proxy.set('up');
    await studio.state('live');
    await studio.settled(1, 2);
  });

  it('A22 leaves a stream that has gone quiet though it looks open', async () => {
    await using proxy = await cuttingProxy(gateway.port);
    const session = await sampleSession(gateway.url);
    await using studio = await StudioPage.open(browser, `${proxy.url}/#${session.sessionId}`);
    await studio.ready();
    proxy.set('muted');
    await studio.state('reconnecting');
    await clickElsewhere(session, pear.click);
    proxy.cut();
    proxy.set('up');
    await studio.state('live');
    await studio.settled(1, 1);
  });

  it('A25 survives an answer after which EventSource itself never tries again', async () => {
    const session = await sampleSession(gateway.url);
    let refusals = 2;
    const refuseTwice = (page: Page) =>
      page.route('**/v1/sessions/*/events*', (route) => {
        if (refusals === 0) return route.continue();
        refusals -= 1;
        return route.fulfill({ status: 503, body: 'no' });
      });
    const url = `${gateway.url}/#${session.sessionId}`;
    await using studio = await StudioPage.open(browser, url, {}, refuseTwice);
    await studio.state('reconnecting');
    await studio.ready();
    expect(refusals).toBe(0);
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
  });

  it('A26 works by polling where streams do not come through', async () => {
    const session = await sampleSession(gateway.url);
    const noStreams = (page: Page) =>
      page.route('**/v1/sessions/*/events*', (route) =>
        route.request().resourceType() === 'eventsource' ? route.abort() : route.continue(),
      );
    const url = `${gateway.url}/#${session.sessionId}`;
    await using studio = await StudioPage.open(browser, url, {}, noStreams);
    await studio.ready();
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
    await eventually(() => studio.overlap([apple], scene.width)).toBeGreaterThan(0.7);
  });

  it('A8 comes back to the start page, and says why, when the session is gone', async () => {
    const session = await sampleSession(gateway.url);
    await using studio = await StudioPage.open(browser, `${gateway.url}/#${session.sessionId}`);
    await studio.ready();
    await session.requests.delete();
    await studio.page.getByTestId('note').waitFor();
    expect(await studio.page.getByTestId('note').textContent()).toContain('has ended');
    expect(await studio.page.getByTestId('use-sample').isVisible()).toBe(true);
    expect(new URL(studio.page.url()).hash).toBe('');
  });

  it('A25 waits for a gateway that is replaced, and finds that its memory is gone', async () => {
    const first = await startGateway();
    const session = await sampleSession(first.url);
    await using studio = await StudioPage.open(browser, `${first.url}/#${session.sessionId}`);
    await studio.ready();
    await first.stop();
    await studio.state('reconnecting');
    await using _second = await startGateway({ port: first.port });
    await studio.page.getByTestId('note').waitFor();
    expect(await studio.page.getByTestId('use-sample').isVisible()).toBe(true);
  });

  it('A22 says that the storage is away while it is, and shows what came after', async () => {
    await using redis = await RedisServer.start();
    await using shared = await startGateway({ env: { REDIS_URL: redis.url } });
    const session = await sampleSession(shared.url);
    await using studio = await StudioPage.open(browser, `${shared.url}/#${session.sessionId}`);
    await studio.ready();
    const pill = studio.page.getByTestId('status-pill');
    redis.freeze();
    await eventually(() => pill.textContent()).toBe('Live, storage away');
    redis.thaw();
    await eventually(() => pill.textContent()).toBe('Live');
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
  });

  it('A26 is followed by the same SDK from Node, which has no EventSource', async () => {
    const { sessionId, imageId, client } = await sampleSession(gateway.url);
    using session = client.follow(sessionId);
    await eventually(async () => session.state.images.length).toBe(1);
    const points = [{ ...apple.click, label: 1 as const }];
    await session.click({ imageId, points }).accepted;
    await eventually(async () => session.state.objects[0]?.status).toBe('ready');
    expect(session.connection).toMatchObject({ name: 'live' });
    expect(session.state.pending).toEqual([]);
  });
});
