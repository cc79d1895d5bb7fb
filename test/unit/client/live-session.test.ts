import { describe, expect, it } from 'vitest';
import { LiveSession } from '../../../src/client/live-session.ts';
import { MaskwireError } from '../../../src/client/maskwire-error.ts';
import { SessionRequests } from '../../../src/client/session-requests.ts';
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
