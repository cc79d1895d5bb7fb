import { describe, expect, it } from 'vitest';
import { LiveSession } from '../../../src/client/live-session.ts';
import { MaskwireError } from '../../../src/client/maskwire-error.ts';
import { SessionRequests } from '../../../src/client/session-requests.ts';
import { HEADERS } from '../../../src/protocol/routes.ts';
import { FakeEnvironment, FakeTransport, json, problem } from './fakes.ts';
import { accepted, at, completed, IMAGE, opened, passing, SESSION, snapshot } from './frames.ts';

function setUp() {
  const environment = new FakeEnvironment();
  const stream = new FakeTransport();
  const session = new LiveSession({
    environment,
    requests: new SessionRequests({ environment, base: '' }, SESSION),
    transports: { stream: stream.transport, poll: stream.transport },
    probe: () => Promise.resolve(),
  });
  stream.frame(opened());
  stream.frame(passing('session.snapshot', snapshot(3)));
  return { environment, stream, session };
}

/** Time passes, and what is due is done in between. */
async function pass(environment: FakeEnvironment, ms: number): Promise<void> {
  const STEP_MS = 250;
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    environment.advance(STEP_MS);
    await new Promise(setImmediate);
  }
}

const KEY = HEADERS.idempotencyKey;
const point = { imageId: IMAGE, points: [{ x: 1, y: 1, label: 1 as const }] };

describe('LiveSession', () => {
  it('A12 shows a click before it is sent and settles it with its event', async () => {
    const { environment, stream, session } = setUp();
    environment.answers.push(json({ clickId: 'c1', cursor: at(4) }, { status: 202 }));
    const { objectId, clientRef, accepted: answer } = session.click(point);
    expect(session.state.pending).toMatchObject([{ clientRef, objectId }]);
    await answer;
    expect(session.state.pending).toHaveLength(1);
    stream.frame(accepted(4, 'c1', objectId));
    stream.frame(completed(5, objectId, 1, ['c1']));
    expect(session.state.pending).toEqual([]);
    expect(session.state.objects).toMatchObject([{ objectId, status: 'ready' }]);
  });

  it('takes a refused click back and says why', async () => {
    const { environment, session } = setUp();
    environment.answers.push(problem(409, 'limit_reached', { retryable: false }));
    const { accepted: answer } = session.click(point);
    await expect(answer).rejects.toBeInstanceOf(MaskwireError);
    expect(session.state.pending).toEqual([]);
  });

  it('sends the clicks of one object one after the other, those of others at once', async () => {
    const { environment, session } = setUp();
    let release: (answer: Response) => void = () => undefined;
    const sent: unknown[] = [];
    Object.assign(environment, {
      fetch: (_url: string, init: RequestInit) => {
        sent.push(JSON.parse(String(init.body)).clientRef);
        return new Promise<Response>((resolve) => {
          release = resolve;
        });
      },
    });
    const first = session.click({ ...point, objectId: 'one' });
    const second = session.click({ ...point, objectId: 'one' });
    const other = session.click({ ...point, objectId: 'two' });
    await expect.poll(() => sent).toEqual([first.clientRef, other.clientRef]);
    release(json({ cursor: at(9) }));
    await other.accepted;
    expect(sent).not.toContain(second.clientRef);
    session.close();
  });

  describe('while the gateway is out of reach', () => {
    const taken = (clickId: string, sequence: number) =>
      json({ clickId, cursor: at(sequence) }, { status: 202 });

    it('A4 A25 keeps a click, and sends the same one as soon as the stream is back', async () => {
      const { environment, stream, session } = setUp();
      stream.lost();
      const { accepted: answer, clientRef } = session.click(point);
      await pass(environment, 4_000);
      const tried = environment.requests.length;
      expect(tried).toBe(4);
      expect(session.state.pending).toMatchObject([{ clientRef }]);
      environment.answers.push(taken('c1', 4));
      stream.frame(opened());
      await expect(answer).resolves.toMatchObject({ clickId: 'c1' });
      const keys = environment.requests.map(({ init }) => new Headers(init.headers).get(KEY));
      expect(keys).toEqual(Array(tried + 1).fill(clientRef));
    });

    it('tries again though the stream never noticed', async () => {
      const { environment, session } = setUp();
      const { accepted: answer } = session.click(point);
      await pass(environment, 20_000);
      environment.answers.push(taken('c1', 4));
      await pass(environment, 4_000);
      await expect(answer).resolves.toMatchObject({ clickId: 'c1' });
    });

    it('sends the clicks of an object in their order', async () => {
      const { environment, session } = setUp();
      const first = session.click({ ...point, objectId: 'one' });
      const second = session.click({ ...point, objectId: 'one' });
      await pass(environment, 20_000);
      const lost = environment.requests.length;
      environment.answers.push(taken('c1', 4), taken('c2', 5));
      await pass(environment, 4_000);
      await Promise.all([first.accepted, second.accepted]);
      const sent = environment.requests.slice(lost).map(({ init }) => JSON.parse(`${init.body}`));
      expect(sent).toMatchObject([{ clientRef: first.clientRef }, { clientRef: second.clientRef }]);
    });

    it('waits for a gateway that has lost its storage', async () => {
      const { environment, session } = setUp();
      const away = () => problem(503, 'storage_unavailable', { retryable: true });
      environment.answers.push(away(), away(), away(), away(), away(), taken('c1', 4));
      const { accepted: answer } = session.click(point);
      await pass(environment, 20_000);
      await expect(answer).resolves.toMatchObject({ clickId: 'c1' });
    });

    it('gives up after a minute, and takes the clicks back', async () => {
      const { environment, session } = setUp();
      const clicks = [1, 2].map(() => session.click({ ...point, objectId: 'one' }).accepted);
      const ends = Promise.all(clicks.map((click) => click.catch((error: unknown) => error)));
      await pass(environment, 75_000);
      expect(await ends).toMatchObject([{ code: 'network' }, { code: 'network' }]);
      expect(session.state.pending).toEqual([]);
    });

    it('gives up when it is closed', async () => {
      const { environment, session } = setUp();
      const failed = session.click(point).accepted.catch((error: unknown) => error);
      await pass(environment, 4_000);
      session.close();
      await pass(environment, 10_000);
      expect(await failed).toMatchObject({ code: 'network' });
    });
  });

  it('tells its listeners what came, and falls silent when closed', () => {
    const { stream, session } = setUp();
    const heard: unknown[] = [];
    session.subscribe((_, frame) => heard.push(frame?.type));
    stream.frame(accepted(4, 'c1', 'o1'));
    session.close();
    stream.frame(accepted(5, 'c2', 'o1'));
    expect(heard).toEqual(['click.accepted', undefined]);
    expect(session.connection.name).toBe('closed');
  });
});
