/** One session with its readers and writers, and what is asked of it at the end. */
import sharp from 'sharp';
import type { Cursor } from '../../src/core/cursor.ts';
import type { ClickStatus, Snapshot } from '../../src/protocol/bodies.ts';
import { AFTER_START, HEADERS, paths, QUERY } from '../../src/protocol/routes.ts';
import { SeededRandom } from '../sim/seeded-random.ts';
import { EventTexts } from './event-texts.ts';
import type { AnyEnvelope, SessionHistory } from './history.ts';
import type { Fleet, ReaderStyle } from './reader.ts';
import { RESTLESS, Reader } from './reader.ts';
import { insist, Writer } from './writer.ts';

const SIZE = { width: 48, height: 36 };
const PAGE = 500;

export interface ClientSetting {
  readonly name: string;
  readonly fleet: Fleet;
  readonly seed: number;
  readonly readers: number;
  readonly writers: number;
  /** Between two actions of a writer, at most. */
  readonly paceMs: number;
  readonly style?: ReaderStyle;
  readonly bad: (text: string) => void;
}

export class Client {
  readonly sessionId: string;
  readonly readers: readonly Reader[];
  readonly writers: readonly Writer[];
  readonly #setting: ClientSetting;
  readonly #image: SessionHistory['image'];
  readonly #random: SeededRandom;

  private constructor(
    setting: ClientSetting,
    random: SeededRandom,
    session: string,
    imageId: string,
  ) {
    this.#setting = setting;
    this.#random = random;
    this.sessionId = session;
    this.#image = { ...SIZE, imageId };
    const { fleet, name, seed, paceMs, bad, style = RESTLESS } = setting;
    const texts = new EventTexts();
    this.readers = Array.from({ length: setting.readers }, (_, index) => {
      const chance = new SeededRandom(seed * 31 + index);
      const label = `reader ${index} of ${name}`;
      return new Reader({ name: label, session, fleet, random: chance, style, texts });
    });
    this.writers = Array.from({ length: setting.writers }, (_, index) => {
      const chance = new SeededRandom(seed * 37 + index);
      const image = this.#image;
      return new Writer({ fleet, random: chance, sessionId: session, image, paceMs, bad });
    });
  }

  /** Makes the session and uploads an image of its own. */
  static async open(setting: ClientSetting): Promise<Client> {
    const { fleet, seed, bad } = setting;
    const random = new SeededRandom(seed);
    const asking = { fleet, random, bad };
    const created = await insist(asking, 'POST', paths.sessions, {
      headers: { 'content-type': 'application/json', [HEADERS.idempotencyKey]: random.token(12) },
      body: '{}',
    });
    const session = String(created?.body['sessionId']);
    const color = { r: seed & 255, g: (seed >> 8) & 255, b: (seed >> 16) & 255 };
    const added = await insist(asking, 'POST', paths.images(session), {
      headers: { 'content-type': 'image/png', [HEADERS.idempotencyKey]: random.token(12) },
      body: await sharp({ create: { ...SIZE, channels: 3, background: color } })
        .png()
        .toBuffer(),
    });
    if (added?.status !== 201) throw new Error(`no session: ${JSON.stringify({ created, added })}`);
    return new Client(setting, random, session, String(added.body['imageId']));
  }

  /** What still keeps it from rest; `undefined` when all has ended and every reader has seen it. */
  async unrest(): Promise<string | undefined> {
    const reply = await this.#ask(paths.session(this.sessionId));
    if (reply?.status !== 200) return `no snapshot: ${JSON.stringify(reply)}`;
    const { objects, images, cursor } = reply.body as unknown as Snapshot;
    if (images.some(({ status }) => status === 'preparing')) return 'an image is being prepared';
    const busy = objects.find(
      ({ status, clicks }) =>
        status === 'queued' || status === 'running' || clicks.some(({ pending }) => pending),
    );
    if (busy !== undefined) return `${busy.objectId} is ${busy.status}`;
    const behind = this.readers.find((reader) => reader.position !== cursor);
    if (behind === undefined) return undefined;
    return `${behind.name} is at ${behind.position}, the log at ${cursor}`;
  }

  async history(): Promise<SessionHistory> {
    const clicks = this.writers.flatMap((writer) => writer.clicks);
    const known = clicks.flatMap(({ answers }) => answers.slice(0, 1));
    const statuses = new Map<string, ClickStatus>();
    for (const { clickId } of known) {
      const reply = await this.#ask(paths.click(this.sessionId, clickId));
      if (reply?.status === 200) statuses.set(clickId, reply.body['status'] as ClickStatus);
    }
    const { sessionId, readers } = this;
    return { sessionId, image: this.#image, clicks, readers, log: await this.#log(), statuses };
  }

  async #log(): Promise<readonly AnyEnvelope[]> {
    const log: AnyEnvelope[] = [];
    let after: Cursor | typeof AFTER_START = AFTER_START;
    for (;;) {
      const query = `${QUERY.after}=${after}&${QUERY.limit}=${PAGE}`;
      const reply = await this.#ask(`${paths.events(this.sessionId)}?${query}`);
      const page = (reply?.body ?? {}) as { events?: AnyEnvelope[]; cursor?: Cursor };
      if (page.events === undefined || page.events.length === 0) return log;
      log.push(...page.events);
      after = page.events.at(-1)?.eventId ?? after;
    }
  }

  #ask(path: string) {
    const { fleet, bad } = this.#setting;
    const headers = { accept: 'application/json' };
    return insist({ fleet, random: this.#random, bad }, 'GET', path, { headers });
  }
}
