import { describe, expect, it } from 'vitest';
import { applyEvent } from '../../../src/client/apply-event.ts';
import { addPending } from '../../../src/client/pending-clicks.ts';
import { fromSnapshot } from '../../../src/client/session-state.ts';
import type { DoneClick } from '../../../src/web/history.ts';
import * as past from '../../../src/web/history.ts';
import { LatencyMeter } from '../../../src/web/latency.ts';
import { objectIds, objectViews } from '../../../src/web/object-view.ts';
import { assignSlots, colorOf, PALETTE } from '../../../src/web/palette.ts';
import { accepted, completed, IMAGE, snapshot } from './frames.ts';

const click = (clientRef: string, objectId = 'o1'): DoneClick => ({
  clientRef,
  objectId,
  imageId: IMAGE,
  points: [{ x: 1, y: 1, label: 1 }],
});

describe('history', () => {
  it('gives back what was undone, last first, until something new is done', () => {
    const [one, two] = [click('one'), click('two')];
    let history = past.push(past.push(past.NO_HISTORY, one), two);
    history = past.pop(history, two, undefined);
    history = past.pop(history, one, 'cup');
    expect(history.done).toEqual([]);
    expect(history.undone.at(-1)).toMatchObject({ objectId: 'o1', label: 'cup' });
    history = past.pushRedone(history, click('again'));
    expect([history.done.length, history.undone.length]).toEqual([1, 1]);
    expect(past.push(history, click('new')).undone).toEqual([]);
  });

  it('learns ids, forgets refusals and what is gone', () => {
    const both = past.push(past.push(past.NO_HISTORY, click('one')), click('two', 'o2'));
    const known = past.confirm(both, 'one', 'clk_1');
    expect(known.done).toMatchObject([{ clickId: 'clk_1' }, { clientRef: 'two' }]);
    expect(known.done[1]).not.toHaveProperty('clickId');
    expect(past.forget(known, 'two').done).toHaveLength(1);
    const rest = past.without(known, (done) => done.objectId === 'o1');
    expect(rest.done).toMatchObject([{ clientRef: 'two' }]);
  });

  it('keeps of a removed object what brings it back, sent and still being sent', () => {
    const start = [accepted(2, 'c1', 'o1'), completed(3, 'o1', 1, ['c1'])].reduce(
      applyEvent,
      fromSnapshot(snapshot(1)),
    );
    const box = { x: 1, y: 1, width: 2, height: 2 };
    const state = addPending(start, {
      clientRef: 'ref',
      objectId: 'o1',
      imageId: IMAGE,
      points: [],
      box,
    });
    const removed = past.removalOf(state, 'o1');
    expect(removed).toMatchObject({ objectId: 'o1', imageId: IMAGE });
    expect(removed?.clicks).toEqual([
      { points: start.objects[0]?.clicks[0]?.points },
      { points: [], box },
    ]);
    expect(past.removalOf(state, 'unknown')).toBeUndefined();
  });

  it('undoes a removal before what was done to other objects earlier', () => {
    const removed = { objectId: 'o1', imageId: IMAGE, label: 'cup', clicks: [{ points: [] }] };
    const both = past.push(past.push(past.NO_HISTORY, click('one')), click('two', 'o2'));
    const gone = past.remove(both, removed);
    expect(gone.done.map((done) => done.objectId)).toEqual(['o2', 'o1']);
    expect(gone.done.at(-1)).toBe(removed);
    const back = past.restored(gone, removed, [click('again')]);
    expect(back.done).toMatchObject([{ clientRef: 'two' }, { clientRef: 'again' }]);
    expect(past.restored(gone, removed, []).done).toHaveLength(1);
  });

  it('keeps a bounded number of clicks', () => {
    let history = past.NO_HISTORY;
    for (let count = 0; count < 600; count += 1) history = past.push(history, click(`${count}`));
    expect(history.done).toHaveLength(500);
    expect(history.done.at(-1)).toMatchObject({ clientRef: '599' });
  });
});

describe('colours', () => {
  it('stay with their object when others go, and are given anew when free', () => {
    const first = assignSlots(new Map(), ['a', 'b', 'c']);
    const second = assignSlots(first, ['a', 'c', 'd']);
    expect([...second]).toEqual([
      ['a', 0],
      ['c', 2],
      ['d', 1],
    ]);
  });

  it('are ten, and begin anew after that', () => {
    expect(new Set(PALETTE).size).toBe(10);
    expect(colorOf(10)).toBe(PALETTE[0]);
  });
});

describe('objectViews', () => {
  const start = fromSnapshot(snapshot(1));
  const pending = {
    clientRef: 'ref',
    objectId: 'mine',
    imageId: IMAGE,
    points: [{ x: 2, y: 2, label: 0 as const }],
  };

  it('shows an object before the gateway knows it', () => {
    const state = addPending(start, pending);
    expect(objectIds(state)).toEqual(['mine']);
    expect(objectViews(state, IMAGE, new Map([['mine', 3]]))).toMatchObject([
      { objectId: 'mine', number: 4, status: 'sending', dots: [{ x: 2, pending: true }] },
    ]);
  });

  it('joins confirmed and pending clicks of one object, in order', () => {
    const state = addPending(
      [accepted(2, 'c1', 'mine'), completed(3, 'mine', 1, ['c1'])].reduce(applyEvent, start),
      pending,
    );
    const [view] = objectViews(state, IMAGE, new Map());
    expect(view?.dots.map((dot) => dot.pending)).toEqual([false, true]);
    expect(view?.result?.area).toBe(12);
  });

  it('leaves out what belongs to other photos', () => {
    expect(objectViews(addPending(start, pending), 'sha256-other', new Map())).toEqual([]);
  });
});

describe('LatencyMeter', () => {
  it('counts from the newest click of this page that a mask covers', () => {
    const meter = new LatencyMeter();
    meter.sent('ref-c1', 100);
    meter.sent('ref-c2', 150);
    expect(meter.frame(accepted(2, 'c1', 'o1'), 110)).toBeUndefined();
    meter.frame(accepted(3, 'c2', 'o1'), 160);
    expect(meter.frame(completed(4, 'o1', 2, ['c1', 'c2']), 500)?.totalMs).toBe(350);
  });

  it('says nothing about the clicks of others', () => {
    const meter = new LatencyMeter();
    meter.frame(accepted(2, 'c1', 'o1'), 110);
    expect(meter.frame(completed(3, 'o1', 1, ['c1']), 500)).toBeUndefined();
  });
});
