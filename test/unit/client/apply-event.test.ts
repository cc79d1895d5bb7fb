import { describe, expect, it } from 'vitest';
import { applyEvent } from '../../../src/client/apply-event.ts';
import { acceptPending, addPending, dropPending } from '../../../src/client/pending-clicks.ts';
import type { SessionState } from '../../../src/client/session-state.ts';
import { emptyState, findClick, fromSnapshot } from '../../../src/client/session-state.ts';
import type { StreamFrame } from '../../../src/client/transport.ts';
import { clickId, objectId } from '../../../src/core/ids.ts';
import type { ObjectBody } from '../../../src/protocol/bodies.ts';
import {
  accepted,
  at,
  completed,
  failed,
  IMAGE,
  image,
  logged,
  opened,
  passing,
  SESSION,
  snapshot,
} from './frames.ts';

const start = fromSnapshot(snapshot(1));
const played = (state: SessionState, ...frames: StreamFrame[]): SessionState =>
  frames.reduce(applyEvent, state);

const pendingClick = (clientRef: string) => ({
  clientRef,
  objectId: 'o1',
  imageId: IMAGE,
  points: [{ x: 1, y: 1, label: 1 as const }],
});

const undone = (sequence: number, click: string, revision: number) =>
  logged(sequence, 'click.undone', {
    clickId: clickId(click),
    objectId: objectId('o1'),
    revision,
  });

describe('applyEvent', () => {
  it('A21 ends the clicks that a mask covers, and the object when nothing newer was asked', () => {
    const waiting = played(start, accepted(2, 'c1', 'o1', 1), accepted(3, 'c2', 'o1', 2));
    const half = played(waiting, completed(4, 'o1', 1, ['c1']));
    expect(half.objects[0]).toMatchObject({
      status: 'queued',
      clicks: [{ pending: false }, { pending: true }],
      result: { revision: 1 },
    });
    const whole = played(half, completed(5, 'o1', 2, ['c2']));
    expect(whole.objects[0]).toMatchObject({
      status: 'ready',
      clicks: [{ pending: false }, { pending: false }],
      result: { revision: 2 },
    });
    expect(whole.cursor).toBe(at(5));
  });

  it('A21 keeps the last mask beside a failure, and forgets the failure with the next click', () => {
    const broken = played(
      start,
      accepted(2, 'c1', 'o1', 1),
      completed(3, 'o1', 1, ['c1']),
      accepted(4, 'c2', 'o1', 2),
      failed(5, 'o1', 2, ['c2']),
    );
    expect(broken.objects[0]).toMatchObject({
      status: 'failed',
      problem: { code: 'feature_server_failed' },
      result: { revision: 1 },
    });
    const again = played(broken, accepted(6, 'c3', 'o1', 3));
    expect(again.objects[0]?.status).toBe('queued');
    expect(again.objects[0]).not.toHaveProperty('problem');
  });

  it('A15 takes an undone click away and waits for the mask without it', () => {
    const both = played(
      start,
      accepted(2, 'c1', 'o1', 1),
      accepted(3, 'c2', 'o1', 2),
      completed(4, 'o1', 2, ['c1', 'c2']),
    );
    const back = played(both, undone(5, 'c2', 3));
    expect(back.objects[0]).toMatchObject({ status: 'queued', revision: 3 });
    expect(findClick(back, 'c2')).toBeUndefined();
    expect(findClick(back, 'c1')?.object.objectId).toBe('o1');
    expect(played(back, completed(6, 'o1', 3, [])).objects[0]?.status).toBe('ready');
  });

  it('A16 changes what PATCH says, whole, and removes what is removed', () => {
    const made = played(start, accepted(2, 'c1', 'o1'), accepted(3, 'c2', 'o2'));
    const update = { objectId: objectId('o1'), imageId: IMAGE, revision: 1 };
    const named = played(
      made,
      logged(4, 'object.updated', { ...update, label: 'cup', color: '#f00' }),
    );
    expect(named.objects[0]).toMatchObject({ label: 'cup', color: '#f00' });
    const plain = played(named, logged(5, 'object.updated', update));
    expect(plain.objects[0]).not.toHaveProperty('label');
    const gone = played(
      plain,
      logged(6, 'object.removed', { objectId: objectId('o1'), imageId: IMAGE }),
    );
    expect(gone.objects.map((object) => object.objectId)).toEqual(['o2']);
  });

  it('A10 removes the objects of a removed image', () => {
    const made = played(
      start,
      accepted(2, 'c1', 'o1'),
      logged(3, 'image.removed', { imageId: IMAGE }),
    );
    expect([made.images, made.objects]).toEqual([[], []]);
  });

  it('A11 follows the preparation of an image', () => {
    const states = (['preparing', 'failed', 'ready'] as const).map((status, index) => {
      const type = status === 'preparing' ? 'image.added' : (`image.${status}` as const);
      return played(emptyState(SESSION), logged(index + 1, type, image(status))).images;
    });
    expect(states.map(([only]) => only?.status)).toEqual(['preparing', 'failed', 'ready']);
  });

  it('A22 shows the place in the queue until the call begins', () => {
    const waiting = played(
      start,
      accepted(2, 'c1', 'o1'),
      passing('queue.updated', { objectId: objectId('o1'), position: 3, etaMs: 900 }),
    );
    expect(waiting.objects[0]?.queue).toEqual({ position: 3, etaMs: 900 });
    const running = played(
      waiting,
      passing('segment.started', { objectId: objectId('o1'), revision: 1 }),
    );
    expect(running.objects[0]).toMatchObject({ status: 'running' });
    expect(running.objects[0]).not.toHaveProperty('queue');
  });

  it('A19 ignores a type that it does not know, but not its place in the log', () => {
    const unknown = { ...accepted(2, 'c', 'o'), type: 'click.admired' };
    const state = played(start, unknown as unknown as StreamFrame);
    expect(state).toEqual({ ...start, cursor: at(2) });
  });

  it('never changes the state that it was given', () => {
    const before = played(start, accepted(2, 'c1', 'o1'));
    const copy = structuredClone(before);
    played(
      before,
      accepted(3, 'c2', 'o1', 2),
      completed(4, 'o1', 2, ['c1', 'c2']),
      undone(5, 'c1', 3),
    );
    expect(before).toEqual(copy);
  });
});

describe('clicks that are shown before the log has them', () => {
  it('settle when their event arrives', () => {
    const shown = addPending(start, pendingClick('ref-c1'));
    expect(shown.pending).toHaveLength(1);
    expect(played(shown, accepted(2, 'c1', 'o1')).pending).toEqual([]);
  });

  it('settle when their answer comes after their event', () => {
    const shown = addPending(start, pendingClick('other'));
    const late = acceptPending(played(shown, accepted(2, 'c1', 'o1')), 'other', at(2));
    expect(late.pending).toEqual([]);
  });

  it('stay when their answer comes first, until the stream has reached it', () => {
    const first = acceptPending(addPending(start, pendingClick('ref')), 'ref', at(3));
    expect(first.pending).toHaveLength(1);
    expect(played(first, accepted(2, 'c1', 'o1')).pending).toHaveLength(1);
    expect(played(first, accepted(2, 'c1', 'o1'), accepted(3, 'c2', 'o1')).pending).toEqual([]);
  });

  it('A24 survive a reset only while they are on their way', () => {
    const sent = addPending(addPending(start, pendingClick('known')), pendingClick('sending'));
    const objects: readonly ObjectBody[] = [
      {
        objectId: objectId('o1'),
        imageId: IMAGE,
        revision: 1,
        status: 'queued',
        clicks: [{ clickId: clickId('c1'), points: [], clientRef: 'known', pending: true }],
      },
    ];
    const reset = played(sent, passing('session.snapshot', snapshot(9, objects)));
    expect(reset.pending.map((click) => click.clientRef)).toEqual(['sending']);
  });

  it('are taken back when they were refused', () => {
    const shown = addPending(start, pendingClick('ref'));
    expect(dropPending(shown, 'ref')).toEqual(start);
    expect(dropPending(start, 'ref')).toBe(start);
  });

  it('A22 keeps what the service lacks until it is told otherwise, or another stream begins', () => {
    const away = passing('service.updated', { state: 'down', reason: 'storage' });
    const told = played(start, away);
    expect(told.service).toEqual({ state: 'down', reason: 'storage' });
    expect(played(told, passing('service.updated', { state: 'ok' })).service.state).toBe('ok');
    expect(played(told, opened()).service).toEqual({ state: 'ok' });
  });
});
