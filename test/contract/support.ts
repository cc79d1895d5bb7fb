/** What the contract suites share: settings that engines are opened with, and a session to act on. */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Position } from '../../src/core/cursor.ts';
import type { ClickId, ImageId, ObjectId, SessionId } from '../../src/core/ids.ts';
import { clickId, imageId, objectId, sessionId, tenant } from '../../src/core/ids.ts';
import type { Problem, ProblemCode } from '../../src/core/problem.ts';
import { problemBody } from '../../src/core/problem.ts';
import type { PromptPart } from '../../src/core/prompt.ts';
import type { GatewaySettings } from '../../src/gateway/settings.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type {
  AcceptClick,
  Answer,
  Changed,
  CompleteReply,
  ImageFacts,
  Work,
} from '../../src/ports/session-store.ts';

/** Opens an engine with {@link CONTRACT_SETTINGS}, unless told others, that holds nothing yet. */
export type OpenEngine = (settings?: GatewaySettings) => Promise<Engine>;

/** Small limits, so that the suites reach them. */
export const CONTRACT_SETTINGS: GatewaySettings = {
  ...DEFAULT_SETTINGS,
  maxImages: 3,
  maxObjects: 3,
  maxPointsPerObject: 5,
  historyEvents: 40,
  sessionTtlMs: 600_000,
};

/** The suites' time starts now, since an engine may let the keys of past times expire. */
export const NOW = Date.now();
export const TENANT = tenant('tenant of the suite');

export const freshSessionId = (): SessionId => sessionId(`ses_${randomUUID().replaceAll('-', '')}`);
export const freshClickId = (): ClickId => clickId(`clk_${randomUUID().replaceAll('-', '')}`);

/** A name like that of content; other texts give other images. */
export function imageNamed(text: string): ImageId {
  return imageId(`sha256-${Buffer.from(text).toString('hex').padEnd(64, '0').slice(0, 64)}`);
}

export function imageFacts(text = 'cat', more: Partial<ImageFacts> = {}): ImageFacts {
  return {
    imageId: imageNamed(text),
    width: 100,
    height: 80,
    bytes: 1234,
    contentType: 'image/png',
    ...more,
  };
}

export const point = (x: number, y = 1, label: 0 | 1 = 1): PromptPart => ({
  points: [{ x, y, label }],
});

/** A different mask for every name. */
export function answerNamed(name: string): Answer {
  return {
    mask: { format: 'coco_rle', size: [80, 100], counts: name },
    bounds: { x: 1, y: 2, width: 3, height: 4 },
    area: 12,
    score: 0.5,
    model: 'suite',
    timings: { queuedMs: 1, serverMs: 2, totalMs: 3 },
  };
}

export const FAILED: Problem = problemBody('feature_server_failed', 'It broke.');

/** Of a click that comes when the feature servers have too much to do. */
export const OVERLOADED = { overloaded: { etaMs: 7_500 } };

/** Asserts that the promise rejects with this code. */
export async function refused(promise: Promise<unknown>, code: ProblemCode): Promise<void> {
  await expect(promise).rejects.toMatchObject({ name: 'ProblemError', code });
}

/** Waits for something that is bound to happen; says what did not. */
export async function within<Result>(
  label: string,
  promise: Promise<Result>,
  ms = 3_000,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not happen in time: ${label}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A session with one image, and short words for what is done to it. */
export class Scene {
  readonly engine: Engine;
  readonly session: SessionId;
  readonly image: ImageFacts;
  #fence = 0;
  #now = NOW;

  private constructor(engine: Engine, session: SessionId, image: ImageFacts) {
    this.engine = engine;
    this.session = session;
    this.image = image;
  }

  static async open(engine: Engine): Promise<Scene> {
    const scene = new Scene(engine, freshSessionId(), imageFacts());
    const { session } = scene;
    await engine.sessions.open({ sessionId: session, tenant: TENANT, subject: 'suite', now: NOW });
    await engine.sessions.addImage(session, scene.image, scene.tick());
    return scene;
  }

  get sessions() {
    return this.engine.sessions;
  }

  /** Time that passes by itself. */
  tick(ms = 1): number {
    this.#now += ms;
    return this.#now;
  }

  nextFence(): number {
    this.#fence += 1;
    return this.#fence;
  }

  command(object: string, part: PromptPart, more: Partial<AcceptClick> = {}): AcceptClick {
    return {
      clickId: freshClickId(),
      imageId: this.image.imageId,
      objectId: objectId(object),
      part,
      now: this.tick(),
      ...more,
    };
  }

  click(object: string, part = point(1), more: Partial<AcceptClick> = {}): Promise<Changed> {
    return this.sessions.accept(this.session, this.command(object, part, more));
  }

  undo(changed: { readonly clickId: ClickId }): Promise<Changed> {
    return this.sessions.undo(this.session, changed.clickId, this.tick());
  }

  remove(object: string): Promise<void> {
    return this.sessions.removeObject(this.session, objectId(object), this.tick());
  }

  object(object: string) {
    return this.sessions.object(this.session, objectId(object));
  }

  state(changed: { readonly clickId: ClickId }) {
    return this.sessions.click(this.session, changed.clickId);
  }

  /** Begins a call that must find work. */
  async begin(object: string, fence = this.nextFence()): Promise<Call> {
    const reply = await this.sessions.begin(this.session, objectId(object), fence);
    if (reply.state !== 'work') throw new Error(`nothing to do for ${object}: ${reply.state}`);
    return { object: objectId(object), fence, work: reply.work };
  }

  answer(call: Call, name: string): Promise<CompleteReply> {
    const outcome = {
      kind: 'answer',
      answer: answerNamed(name),
      prompt: call.work.prompt,
    } as const;
    return this.#complete(call, outcome);
  }

  fail(call: Call): Promise<CompleteReply> {
    return this.#complete(call, { kind: 'problem', problem: FAILED });
  }

  #complete(call: Call, outcome: Parameters<typeof this.sessions.complete>[1]['outcome']) {
    return this.sessions.complete(this.session, {
      objectId: call.object,
      revision: call.work.revision,
      fence: call.fence,
      outcome,
      now: this.tick(),
    });
  }

  /** A whole call for the object. */
  async segment(object: string, name: string): Promise<CompleteReply> {
    return await this.answer(await this.begin(object), name);
  }

  async position(): Promise<Position> {
    const extent = await this.engine.log.extent(this.session);
    if (extent === undefined) throw new Error('the session is gone');
    return { epoch: extent.epoch, sequence: extent.last };
  }

  /** Everything after the position that the log keeps. */
  async eventsAfter(position: Position): Promise<readonly LoggedEvent[]> {
    const page = await this.engine.log.read(this.session, position, 1_000);
    if (page === undefined) throw new Error('the session is gone');
    return page.events;
  }

  /** What an action appends, in order. */
  async appendedBy(action: () => Promise<unknown>): Promise<readonly LoggedEvent[]> {
    const before = await this.position();
    await action();
    return await this.eventsAfter(before);
  }
}

export interface Call {
  readonly object: ObjectId;
  readonly fence: number;
  readonly work: Work;
}

export const typesOf = (events: readonly LoggedEvent[]) => events.map((event) => event.type);
