/** Random commands against a session; after each, the snapshot must be what the log says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectId } from '../../src/core/ids.ts';
import { objectId } from '../../src/core/ids.ts';
import { ProblemError } from '../../src/core/problem.ts';
import type { PromptPart } from '../../src/core/prompt.ts';
import { foldPrompt } from '../../src/core/prompt.ts';
import type { AcceptClick, Changed } from '../../src/ports/session-store.ts';
import type { ObjectBody } from '../../src/protocol/bodies.ts';
import { LogFold } from './log-fold.ts';
import type { Call, OpenEngine } from './support.ts';
import { FAILED, imageFacts, NOW, point, Scene } from './support.ts';

const OBJECTS = ['a', 'b', 'c', 'd'];
const IMAGES = [imageFacts('cat'), imageFacts('dog')];
/** Few, so that prompts recur and are answered from memory. */
const PARTS: readonly PromptPart[] = [
  point(1),
  point(2, 3, 0),
  { points: [], box: { x: 0, y: 0, width: 9, height: 9 } },
];

const which = fc.nat({ max: 7 });
const name = fc.constantFrom(...OBJECTS);
const image = fc.nat({ max: 9 }).map((n) => (n === 0 ? 1 : 0));

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('accept' as const),
      name,
      image,
      part: fc.nat({ max: 2 }),
      busy: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resend' as const), which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('undo' as const), which }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('begin' as const), name }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('complete' as const), which, fails: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retry' as const), name }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('patch' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('settle' as const), image, fails: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('addImage' as const), image }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('removeImage' as const), image }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Carries steps out, keeps what may be sent again, and checks what must hold after each. */
class Player {
  readonly #scene: Scene;
  readonly #fold = new LogFold();
  readonly #sent: AcceptClick[] = [];
  readonly #clicks: Changed[] = [];
  readonly #calls: Call[] = [];
  #answers = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  async play(one: Step): Promise<void> {
    await this.#catchUp();
    const refusedAt = this.#fold.sequence;
    try {
      await this.#carryOut(one);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      expect((await this.#scene.position()).sequence).toBe(refusedAt);
    }
    await this.#check();
  }

  /** Answers everything that waits; then every click must have been ended. */
  async drain(): Promise<void> {
    const { sessions, session } = this.#scene;
    for (;;) {
      const { objects } = await sessions.dirty(session);
      const [first] = objects;
      if (first === undefined) break;
      await this.#scene.segment(first.objectId, 'drained');
      await this.#check();
    }
    expect(this.#fold.pending).toEqual(new Set());
  }

  async #carryOut(one: Step): Promise<void> {
    const scene = this.#scene;
    const { sessions, session } = scene;
    switch (one.do) {
      case 'accept':
        return await this.#accept(one);
      case 'resend':
        return await this.#resend(pick(this.#sent, one.which));
      case 'undo':
        return await this.#undo(pick(this.#clicks, one.which));
      case 'begin':
        return await this.#begin(objectId(one.name));
      case 'complete':
        return await this.#complete(pick(this.#calls, one.which), one.fails);
      case 'remove':
        return await scene.remove(one.name);
      case 'retry':
        await sessions.retryObject(session, objectId(one.name), scene.tick());
        return;
      case 'patch': {
        const label = `label ${scene.tick()}`;
        await sessions.patchObject(session, objectId(one.name), { label, color: null }, NOW);
        return;
      }
      case 'settle': {
        const problem = one.fails ? FAILED : undefined;
        return await sessions.settleImage(session, imageOf(one.image).imageId, problem, NOW);
      }
      case 'addImage':
        await sessions.addImage(session, imageOf(one.image), NOW);
        return;
      case 'removeImage':
        await sessions.removeImage(session, imageOf(one.image).imageId, NOW);
        return;
    }
  }

  async #accept(one: Extract<Step, { do: 'accept' }>): Promise<void> {
    const part = PARTS[one.part] ?? point(1);
    const command = this.#scene.command(one.name, part, {
      imageId: imageOf(one.image).imageId,
      idempotency: { key: `key ${this.#sent.length}`, fingerprint: 'f' },
      ...(one.busy ? { overloaded: { etaMs: 9_000 } } : {}),
    });
    const changed = await this.#scene.sessions.accept(this.#scene.session, command);
    expect(changed.replayed).toBe(false);
    this.#sent.push(command);
    this.#clicks.push(changed);
    await this.#catchUp();
    await this.#expectDirty(changed);
  }

  async #resend(command: AcceptClick | undefined): Promise<void> {
    if (command === undefined) return;
    const before = this.#fold.sequence;
    const changed = await this.#scene.sessions.accept(this.#scene.session, command);
    const first = this.#clicks.find((click) => click.clickId === command.clickId);
    const { dirty, image } = changed;
    expect(changed).toEqual({ ...first, dirty, image, replayed: true });
    expect((await this.#scene.position()).sequence).toBe(before);
    await this.#expectDirty(changed);
  }

  async #undo(click: Changed | undefined): Promise<void> {
    if (click === undefined) return;
    const changed = await this.#scene.undo(click);
    await this.#catchUp();
    await this.#expectDirty(changed);
  }

  async #begin(object: ObjectId): Promise<void> {
    const scene = this.#scene;
    const fence = scene.nextFence();
    const reply = await scene.sessions.begin(scene.session, object, fence);
    if (reply.state !== 'work') return;
    const clicks = this.#fold.objects.get(object)?.clicks ?? [];
    expect(reply.work.prompt).toEqual(foldPrompt(clicks));
    this.#calls.push({ object, fence, work: reply.work });
  }

  /** Also calls that were overtaken, and ones that ended already. */
  async #complete(call: Call | undefined, fails: boolean): Promise<void> {
    if (call === undefined) return;
    this.#answers += 1;
    const reply = fails
      ? await this.#scene.fail(call)
      : await this.#scene.answer(call, `answer ${this.#answers}`);
    const before = this.#fold.sequence;
    await this.#catchUp();
    expect(this.#fold.sequence - before).toBe(reply.accepted ? 1 : 0);
  }

  async #catchUp(): Promise<void> {
    const { epoch } = await this.#scene.position();
    const events = await this.#scene.eventsAfter({ epoch, sequence: this.#fold.sequence });
    for (const event of events) this.#fold.apply(event);
  }

  async #check(): Promise<void> {
    await this.#catchUp();
    const cut = await this.#scene.sessions.snapshot(this.#scene.session);
    expect(cut?.position.sequence).toBe(this.#fold.sequence);
    const seen = cut?.snapshot.objects ?? [];
    const folded = this.#fold.bodies();
    expect(byId(seen.map(withoutProgress))).toEqual(byId(folded.map(withoutProgress)));
    for (const body of folded) {
      const status = seen.find((other) => other.objectId === body.objectId)?.status;
      expect(POSSIBLE[body.status]).toContain(status);
    }
    const images = cut?.snapshot.images.map((body) => body.imageId) ?? [];
    expect(images.toSorted()).toEqual([...this.#fold.images.keys()].toSorted());
  }

  /** A retry shows in no log, so that a failed object may wait nevertheless. */
  async #expectDirty({ objectId, dirty, image }: Changed): Promise<void> {
    const body = this.#fold.bodies().find((other) => other.objectId === objectId);
    if (body?.status !== 'failed') expect(dirty).toBe(body?.status === 'queued');
    if (!dirty || body === undefined) return expect(image).toBeUndefined();
    const { sessions, session } = this.#scene;
    const { body: seen, ...facts } = await sessions.image(session, body.imageId);
    expect(image).toEqual({ facts, status: seen.status });
  }
}

const POSSIBLE: Record<ObjectBody['status'], readonly ObjectBody['status'][]> = {
  queued: ['queued', 'running'],
  running: ['running'],
  ready: ['ready'],
  failed: ['failed', 'queued', 'running'],
};

const pick = <Item>(items: readonly Item[], n: number) => items[items.length - 1 - n];
const imageOf = (n: number) => IMAGES[n] ?? imageFacts();
const byId = <Body extends { readonly objectId: string }>(bodies: readonly Body[]) =>
  bodies.toSorted((a, b) => (a.objectId < b.objectId ? -1 : 1));
const withoutProgress = ({ status: _, problem: __, ...body }: ObjectBody) => body;

/**
 * `runs` random sessions: dense sequences, every click ended once, masks never older than the one
 * before, snapshots that equal the fold of the log, refusals without a trace.
 */
export function sessionModelContract(engineName: string, open: OpenEngine, runs: number): void {
  describe(`${engineName} session store: whatever is done to a session`, () => {
    it('A7 A19 A21 L11 the snapshot is what the log says', { timeout: 60_000 }, async () => {
      await using engine = await open();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
          const player = new Player(await Scene.open(engine));
          for (const one of steps) await player.play(one);
          await player.drain();
        }),
        { numRuns: runs },
      );
    });
  });
}
