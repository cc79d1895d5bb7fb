import { describe, expect, it } from 'vitest';
import { longPollTransport } from '../../../src/client/long-poll-transport.ts';
import type { StreamFrame } from '../../../src/client/transport.ts';
import { FakeEnvironment, json } from './fakes.ts';
import { accepted, at, SESSION, snapshot } from './frames.ts';

function setUp(...answers: Response[]) {
  const environment = new FakeEnvironment();
  environment.answers.push(...answers);
  const frames: StreamFrame[] = [];
  const ended = Promise.withResolvers<void>();
  const open = longPollTransport({ environment, base: 'http://gateway' }, SESSION);
  const start = (after?: ReturnType<typeof at>) =>
    open(after, { frame: (frame) => frames.push(frame), lost: () => ended.resolve() });
  const queries = () => environment.requests.map(({ url }) => new URL(url).search);
  return { frames, start, ended: ended.promise, queries };
}

describe('A26 the long poll', () => {
  it('begins with a snapshot and reads on from where each page ends', async () => {
    const kit = setUp(
      json({ events: [], cursor: at(3), snapshot: snapshot(3) }),
      json({ events: [accepted(4, 'c1', 'o1')], cursor: at(4) }),
    );
    kit.start();
    await kit.ended;
    expect(kit.frames.map((frame) => frame.type)).toEqual([
      'stream.opened',
      'session.snapshot',
      'heartbeat',
      'click.accepted',
      'heartbeat',
    ]);
    expect(kit.queries()).toEqual([
      '',
      `?after=${at(3)}&wait=20&limit=500`,
      `?after=${at(4)}&wait=20&limit=500`,
    ]);
  });

  it('A24 passes a reset on before the snapshot that follows it', async () => {
    const reset = { reason: 'history_trimmed', lastCursor: at(9), oldestCursor: at(5) };
    const kit = setUp(json({ events: [], cursor: at(9), reset, snapshot: snapshot(9) }));
    kit.start(at(1));
    await kit.ended;
    expect(kit.frames.map((frame) => frame.type)).toEqual([
      'stream.opened',
      'stream.reset',
      'session.snapshot',
      'heartbeat',
    ]);
  });

  it('is lost with the first answer that is no page', async () => {
    const kit = setUp(json({}, { status: 503 }));
    kit.start(at(1));
    await kit.ended;
    expect(kit.frames).toEqual([]);
  });

  it('says nothing more once cancelled', async () => {
    const kit = setUp(json({ events: [], cursor: at(3), snapshot: snapshot(3) }));
    const cancel = kit.start();
    cancel();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(kit.frames).toEqual([]);
  });
});
