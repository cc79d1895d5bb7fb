import { connect } from 'node:net';
import { request } from 'undici';
import { paths } from '../../../src/protocol/routes.ts';
import { openSession } from './session.ts';

/** After so many clicks an object is removed and begun anew, well below the limit of points. */
const CLICKS_PER_OBJECT = 50;

/** Finds the object of a mask's frame without parsing the mask. */
const MASK = /^event: segment\.completed$[\s\S]*?"objectId":"([^"]+)"/m;

/** One session that keeps each of its objects busy: a mask that arrives is answered by a click. */
export class ClickLoop {
  readonly latencies: number[] = [];
  readonly #url: string;
  readonly #session: string;
  readonly #imageId: string;
  readonly #clickedAt = new Map<string, number>();
  readonly #made = new Map<string, number>();
  readonly #objects: number;
  #clicks = 0;
  #running = true;
  #close: () => void = () => {};

  private constructor(url: string, session: string, imageId: string, objects: number) {
    this.#url = url;
    this.#session = session;
    this.#imageId = imageId;
    this.#objects = objects;
  }

  static async open(
    url: string,
    addImage: (session: string) => Promise<string>,
    objects: number,
  ): Promise<ClickLoop> {
    const session = await openSession(url);
    const loop = new ClickLoop(url, session, await addImage(session), objects);
    await loop.#follow();
    return loop;
  }

  /** Clicks on every object; each mask is followed by the next click until {@link stop}. */
  start(): void {
    for (let index = 0; index < this.#objects; index += 1) void this.#click(`o${index}`);
  }

  stop(): void {
    this.#running = false;
  }

  close(): void {
    this.#close();
  }

  async #follow(): Promise<void> {
    const { hostname, port, host } = new URL(this.#url);
    const socket = connect(Number(port), hostname);
    this.#close = () => socket.destroy();
    const { promise: opened, resolve } = Promise.withResolvers<void>();
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      resolve();
      text += piece;
      const frames = text.split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) this.#frame(frame);
    });
    socket.write(`GET ${paths.events(this.#session)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await opened;
  }

  #frame(frame: string): void {
    const objectId = MASK.exec(frame)?.[1];
    const clickedAt = objectId === undefined ? undefined : this.#clickedAt.get(objectId);
    if (objectId === undefined || clickedAt === undefined) return;
    this.latencies.push(performance.now() - clickedAt);
    if (this.#running) void this.#click(objectId);
  }

  async #click(objectId: string): Promise<void> {
    this.#clicks += 1;
    const clicks = (this.#made.get(objectId) ?? 0) + 1;
    this.#made.set(objectId, clicks % CLICKS_PER_OBJECT);
    if (clicks === CLICKS_PER_OBJECT) await this.#remove(objectId);
    this.#clickedAt.set(objectId, performance.now());
    // No two prompts alike: an answer from memory would not reach the server. A box replaces the
    // one before it, so that a prompt does not grow.
    const box = { x: 1 + (this.#clicks % 4_000) / 8, y: 1, width: 50, height: 50 };
    const { statusCode, body } = await request(`${this.#url}${paths.clicks(this.#session)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ imageId: this.#imageId, objectId, box }),
    });
    await body.dump();
    if (statusCode !== 202) throw new Error(`a click was answered with ${statusCode}`);
  }

  async #remove(objectId: string): Promise<void> {
    const url = `${this.#url}${paths.object(this.#session, objectId)}`;
    const { body } = await request(url, { method: 'DELETE' });
    await body.dump();
  }
}
