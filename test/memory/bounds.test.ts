import { describe, expect, it } from 'vitest';
import { BoundedMap } from '../../src/adapters/memory/bounded-map.ts';
import { RememberedAnswers } from '../../src/adapters/memory/session/remembered-answers.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import type { Changed } from '../../src/ports/session-store.ts';
import { answerNamed, imageNamed, NOW, point, refused, Scene } from '../contract/support.ts';
import { openStill } from './support.ts';

const unlimited = { ...DEFAULT_SETTINGS, historyEvents: 20 };

describe('what a session can make the process keep', () => {
  it('forgets the oldest clicks that are in no prompt, and never one that is', async () => {
    await using engine = openStill({ settings: unlimited });
    const scene = await Scene.open(engine);
    const kept = await scene.click('a', point(1));
    const undone: Changed[] = [];
    for (let n = 0; n < 5_001; n += 1) {
      const click = await scene.click('a', point(2));
      undone.push(click);
      await scene.undo(click);
    }
    const [oldest, second] = undone;
    if (oldest === undefined || second === undefined) throw new Error('no clicks');
    await refused(scene.state(oldest), 'click_not_found');
    expect(await scene.state(second)).toMatchObject({ status: 'undone' });
    expect(await scene.state(kept)).toMatchObject({ status: 'queued' });
  });

  it('forgets the oldest requests', async () => {
    await using engine = openStill({ settings: unlimited });
    const scene = await Scene.open(engine);
    const first = scene.command('a', point(1));
    const { clickId } = await scene.sessions.accept(scene.session, first);
    await scene.click('a', point(3));
    await scene.undo({ clickId });
    for (let n = 0; n < 9_998; n += 1) await scene.undo(await scene.click('a', point(2)));
    expect(await scene.sessions.accept(scene.session, first)).toMatchObject({ replayed: true });
    await scene.click('a', point(4));
    expect(await scene.sessions.accept(scene.session, first)).toMatchObject({ replayed: false });
  });

  it('A16 numbers no mask downwards when it has forgotten a removed object', async () => {
    await using engine = openStill({ settings: unlimited });
    const scene = await Scene.open(engine);
    for (let n = 0; n < 7; n += 1) await scene.click('first', point(n));
    await scene.remove('first');
    for (let n = 0; n < 5_000; n += 1) {
      await scene.click(`other-${n}`);
      await scene.remove(`other-${n}`);
    }
    expect(await scene.click('first')).toMatchObject({ revision: 8, dirty: true });
  });

  it('keeps the mask of a click while the log has it, then that of its object', async () => {
    await using engine = openStill({ settings: { ...DEFAULT_SETTINGS, historyEvents: 3 } });
    const scene = await Scene.open(engine);
    const first = await scene.click('a', point(1));
    await scene.segment('a', 'one');
    await scene.click('a', point(2));
    await scene.segment('a', 'two');
    expect(await scene.state(first)).toMatchObject({ result: { mask: { counts: 'one' } } });
    await scene.click('b', point(9));
    expect(await scene.state(first)).toMatchObject({
      status: 'completed',
      result: { mask: { counts: 'two' } },
    });
    await scene.remove('a');
    expect(await scene.state(first)).not.toHaveProperty('result');
  });

  it('takes no other mask for that of a click whose event is trimmed', async () => {
    await using engine = openStill({ settings: { ...DEFAULT_SETTINGS, historyEvents: 3 } });
    const scene = await Scene.open(engine);
    const first = await scene.click('a', point(1));
    await scene.segment('a', 'of a');
    await scene.click('b', point(2));
    await scene.click('b', point(3));
    // Three entries later: in the place in the ring that the mask of a had.
    await scene.segment('b', 'of b');
    expect(await scene.state(first)).toMatchObject({ result: { mask: { counts: 'of a' } } });
  });

  it('remembers so many answers, and so many characters of masks', () => {
    const answers = new RememberedAnswers();
    const cat = imageNamed('cat');
    for (let n = 0; n < 257; n += 1) answers.remember(cat, point(n), answerNamed(`${n}`));
    expect(answers.find(cat, point(0))).toBeUndefined();
    expect(answers.find(cat, point(1))?.mask.counts).toBe('1');
    const large = answerNamed('x'.repeat(256 * 1024));
    for (let n = 0; n < 17; n += 1) answers.remember(cat, point(1_000 + n), large);
    expect(answers.find(cat, point(1_000))).toBeUndefined();
    expect(answers.find(cat, point(1_001))).toBeDefined();
    expect(answers.find(cat, point(256))).toBeUndefined();
  });
});

describe('the engine in memory when it is full', () => {
  const blob = (bytes: number) => ({ bytes: new Uint8Array(bytes), contentType: 'image/png' });

  it('refuses a blob too many, keeps those that are held, and takes more after a release', async () => {
    await using engine = openStill({ maxBlobBytes: 100 });
    await engine.blobs.put('a', blob(60), 'one');
    await refused(engine.blobs.put('b', blob(41), 'one'), 'storage_unavailable');
    await engine.blobs.put('a', blob(60), 'two');
    await engine.blobs.put('c', blob(40), 'two');
    expect(await engine.blobs.get('a')).toBeDefined();
    expect(await engine.blobs.get('b')).toBeUndefined();
    await engine.blobs.release('two');
    await engine.blobs.put('b', blob(40), 'one');
    expect(await engine.blobs.get('b')).toBeDefined();
  });

  it('forgets the oldest idempotency keys', async () => {
    await using engine = openStill();
    for (let n = 0; n < 10_001; n += 1) await engine.idempotency.begin('s', `${n}`, 'f', NOW);
    expect(await engine.idempotency.peek('s', '0', 'f', NOW)).toEqual({ state: 'fresh' });
    expect(await engine.idempotency.peek('s', '1', 'f', NOW)).toEqual({ state: 'running' });
  });
});

describe('BoundedMap', () => {
  it('tells what it forgets, and counts what is replaced or deleted once', () => {
    const map = new BoundedMap<string, number>(3, 10, (value) => value);
    map.set('a', 4);
    map.set('a', 5);
    map.set('b', 5);
    expect(map.set('c', 1)).toEqual([['a', 5]]);
    expect(map.delete('b')).toBe(true);
    expect(map.delete('b')).toBe(false);
    expect(map.set('d', 9)).toEqual([]);
    expect([...map.keys()]).toEqual(['c', 'd']);
    expect(map.set('e', 11).map(([key]) => key)).toEqual(['c', 'd', 'e']);
    expect(map.size).toBe(0);
  });
});
