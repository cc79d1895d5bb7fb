/** Somebody who clicks at a steady pace, sends again what was not taken, and keeps what was answered. */
import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { request } from 'undici';
import type { ClickAccepted, Snapshot } from '../../../src/protocol/bodies.ts';
import { HEADERS, paths } from '../../../src/protocol/routes.ts';
import type { SeededRandom } from '../../sim/seeded-random.ts';
import { pause } from '../pause.ts';
import type { Fleet } from '../reader.ts';
import { insist } from '../writer.ts';

const SIZE = { width: 48, height: 36 };
/** Far from the most points that an object may have. */
const CLICKS_PER_OBJECT = 40;
/** Of a request that gets no answer. */
const REQUEST_MS = 5_000;
/** Between two attempts: sooner than the answer asks for, so that nothing is missed. */
const AGAIN_MS = 250;

/** One attempt to have a click taken; times of `performance.now()`. */
export interface Attempt {
  readonly status: number | undefined;
  readonly clickId: string | undefined;
  readonly sentAt: number;
  readonly answeredAt: number;
}

export interface ClickerSetting {
  readonly fleet: Fleet;
  readonly random: SeededRandom;
  /** Between two clicks, on average. */
  readonly paceMs: number;
}

export class Clicker {
  readonly attempts: Attempt[] = [];
  readonly #setting: ClickerSetting;
  readonly #session: string;
  readonly #imageId: string;
  #clicks = 0;

  private constructor(setting: ClickerSetting, session: string, imageId: string) {
    this.#setting = setting;
    this.#session = session;
    this.#imageId = imageId;
  }

  static async open(setting: ClickerSetting): Promise<Clicker> {
    const asking = { ...setting, bad: () => undefined };
    const created = await insist(asking, 'POST', paths.sessions, {
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    const session = String(created?.body['sessionId']);
    const background = { r: setting.random.below(256), g: 90, b: 40 };
    const added = await insist(asking, 'POST', paths.images(session), {
      headers: { 'content-type': 'image/png' },
      body: await sharp({ create: { ...SIZE, channels: 3, background } })
        .png()
        .toBuffer(),
    });
    if (added?.status !== 201) throw new Error(`no session: ${JSON.stringify({ created, added })}`);
    return new Clicker(setting, session, String(added.body['imageId']));
  }

  get acknowledged(): readonly Attempt[] {
    return this.attempts.filter(({ clickId }) => clickId !== undefined);
  }

  async run(stop: AbortSignal): Promise<void> {
    const { random, paceMs } = this.#setting;
    while (!stop.aborted) {
      await this.#click(stop);
      await pause(random.between(paceMs >> 1, paceMs + (paceMs >> 1)), stop);
    }
  }

  /** Acknowledged clicks that the session does not know. */
  async lost(): Promise<readonly Attempt[]> {
    const asking = { ...this.#setting, bad: () => undefined };
    const reply = await insist(asking, 'GET', paths.session(this.#session));
    // Without the session all of it is lost.
    const { objects = [] } = (reply?.status === 200 ? reply.body : {}) as Partial<Snapshot>;
    const known = new Set(objects.flatMap(({ clicks }) => clicks.map((click) => click.clickId)));
    return this.acknowledged.filter(({ clickId }) => !known.has(clickId as never));
  }

  async #click(stop: AbortSignal): Promise<void> {
    const { random } = this.#setting;
    this.#clicks += 1;
    const body = JSON.stringify({
      imageId: this.#imageId,
      objectId: `object-${Math.floor(this.#clicks / CLICKS_PER_OBJECT)}`,
      points: [{ x: random.below(SIZE.width), y: random.below(SIZE.height), label: 1 }],
    });
    const key = randomUUID();
    while (!stop.aborted) {
      const attempt = await this.#attempt(body, key);
      this.attempts.push(attempt);
      if (attempt.clickId !== undefined) return;
      await pause(AGAIN_MS, stop);
    }
  }

  async #attempt(body: string, key: string): Promise<Attempt> {
    const { fleet, random } = this.#setting;
    const sentAt = performance.now();
    const answer = await post(
      fleet,
      `${fleet.pick(random)}${paths.clicks(this.#session)}`,
      body,
      key,
    );
    return { ...answer, sentAt, answeredAt: performance.now() };
  }
}

async function post({ dispatcher }: Fleet, url: string, body: string, key: string) {
  try {
    const reply = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [HEADERS.idempotencyKey]: key },
      body,
      dispatcher,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const answer = (await reply.body.json()) as Partial<ClickAccepted>;
    const taken = reply.statusCode === 202 ? answer.clickId : undefined;
    return { status: reply.statusCode, clickId: taken };
  } catch {
    return { status: undefined, clickId: undefined };
  }
}
