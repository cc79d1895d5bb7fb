import { randomUUID } from 'node:crypto';
import { request } from 'undici';
import type { PromptPart } from '../../src/core/prompt.ts';
import type { ClickBody } from '../../src/protocol/bodies.ts';
import { HEADERS, paths } from '../../src/protocol/routes.ts';
import type { SeededRandom } from '../sim/seeded-random.ts';
import type { ClickAnswer, SentClick, SessionHistory } from './history.ts';
import { pause } from './pause.ts';
import type { Fleet } from './reader.ts';

const OBJECTS = 4;
/** Within a session's limit of points an object, with room for what its two writers send at once. */
const REQUEST_MS = 2_500;
/** With growing pauses between them this is longer than any fault of the suite lasts. */
const MAX_ATTEMPTS = 60;

/** Refusals that a busy and changing session gives for good reasons. */
const FAIR_REFUSALS: ReadonlySet<string> = new Set([
  'overloaded',
  'limit_reached',
  'object_not_found',
  'click_not_found',
]);

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface WriterSetting {
  readonly fleet: Fleet;
  readonly random: SeededRandom;
  readonly sessionId: string;
  readonly image: SessionHistory['image'];
  /** Between two actions, at most. */
  readonly paceMs: number;
  /** Told of answers that no fault excuses. */
  readonly bad: (text: string) => void;
}

/** Asks a random gateway. `undefined`: nothing is known of the outcome. */
async function ask(
  { fleet, random, bad }: Pick<WriterSetting, 'fleet' | 'random' | 'bad'>,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  content: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Reply | undefined> {
  try {
    const { statusCode, body } = await request(`${fleet.pick(random)}${path}`, {
      method,
      ...content,
      dispatcher: fleet.dispatcher,
      headersTimeout: REQUEST_MS,
      bodyTimeout: REQUEST_MS,
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    const text = await body.text();
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    if (statusCode < 500) return { status: statusCode, body: parsed };
    if (statusCode !== 503) bad(`${method} ${path}: ${statusCode} ${text.slice(0, 200)}`);
    return undefined;
  } catch {
    return undefined;
  }
}

/** Asks one gateway after the other until one answers. */
export async function insist(
  setting: Pick<WriterSetting, 'fleet' | 'random' | 'bad'>,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  content: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Reply | undefined> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const reply = await ask(setting, method, path, content);
    if (reply !== undefined) return reply;
    await pause(setting.random.between(50, 100 + attempt * 40), never);
  }
  return undefined;
}

const never = new AbortController().signal;

/** Clicks, and now and then undoes or removes, until it is told to stop. */
export class Writer {
  readonly clicks: SentClick[] = [];
  readonly #setting: WriterSetting;
  /** Acknowledged clicks that may be undone. */
  readonly #mine: ClickAnswer[] = [];

  constructor(setting: WriterSetting) {
    this.#setting = setting;
  }

  /** Clicks of which a 202 has come. */
  get acknowledged(): number {
    return this.clicks.filter(({ answers }) => answers.length > 0).length;
  }

  /** Resolves when what it began is decided. */
  async run(stop: AbortSignal): Promise<void> {
    const { random, paceMs } = this.#setting;
    while (!stop.aborted) {
      const dice = random.uniform();
      if (dice < 0.05) await this.#undo();
      else if (dice < 0.065) await this.#remove();
      else await this.#click();
      await pause(random.between(paceMs >> 2, paceMs), stop);
    }
  }

  async #click(): Promise<void> {
    const { random, image } = this.#setting;
    const objectId = `object-${random.below(OBJECTS)}`;
    const part = this.#part();
    const clientRef = randomUUID();
    const answers: ClickAnswer[] = [];
    const click = { clientRef, imageId: image.imageId, objectId, ...part, answers };
    const index = this.clicks.push(click) - 1;
    const body = { imageId: image.imageId, objectId, ...part, clientRef };
    // Now and then the same is sent twice at once, as a page does whose user is impatient.
    const attempts = random.chance(0.1) ? [1, 2] : [1];
    const refusals = await Promise.all(attempts.map(() => this.#post(body, answers)));
    const [code] = refusals;
    if (answers.length === 0 && code !== undefined && refusals.every((each) => each === code)) {
      this.clicks[index] = { ...click, refusedWith: code };
    }
    if (answers[0] !== undefined) this.#mine.push(answers[0]);
  }

  /** Sends until it is decided; the code of the refusal when nothing can have been accepted. */
  async #post(body: ClickBody, answers: ClickAnswer[]): Promise<string | undefined> {
    const { random, sessionId, bad } = this.#setting;
    let certain = true;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const reply = await ask(this.#setting, 'POST', paths.clicks(sessionId), {
        headers: {
          'content-type': 'application/json',
          [HEADERS.idempotencyKey]: body.clientRef ?? '',
        },
        body: JSON.stringify(body),
      });
      if (reply?.status === 202) {
        answers.push(reply.body as unknown as ClickAnswer);
        return undefined;
      }
      const code = reply === undefined ? 'unknown' : String(reply.body['code']);
      if (code !== 'unknown' && code !== 'idempotency_key_in_use') {
        if (!FAIR_REFUSALS.has(code)) bad(`a click was refused: ${JSON.stringify(reply)}`);
        return certain ? code : undefined;
      }
      certain = false;
      await pause(random.between(50, 100 + attempt * 40), never);
    }
    return undefined;
  }

  #part(): PromptPart {
    const { random, image } = this.#setting;
    const points = Array.from({ length: random.between(1, 3) }, () => ({
      x: random.below(image.width * 2) / 2,
      y: random.below(image.height * 2) / 2,
      label: random.chance(0.8) ? (1 as const) : (0 as const),
    }));
    if (random.chance(0.8)) return { points };
    const [x, y] = [random.below(image.width >> 1), random.below(image.height >> 1)];
    return { points, box: { x, y, width: random.between(1, 16), height: random.between(1, 16) } };
  }

  async #undo(): Promise<void> {
    const { random, sessionId } = this.#setting;
    const [click] = this.#mine.splice(random.below(this.#mine.length), 1);
    if (click === undefined) return;
    this.#expect(202, await insist(this.#setting, 'DELETE', paths.click(sessionId, click.clickId)));
  }

  async #remove(): Promise<void> {
    const { random, sessionId } = this.#setting;
    const objectId = `object-${random.below(OBJECTS)}`;
    this.#expect(204, await insist(this.#setting, 'DELETE', paths.object(sessionId, objectId)));
  }

  #expect(status: number, reply: Reply | undefined): void {
    if (reply === undefined || reply.status === status) return;
    if (FAIR_REFUSALS.has(String(reply.body['code']))) return;
    this.#setting.bad(`expected ${status}: ${JSON.stringify(reply)}`);
  }
}
