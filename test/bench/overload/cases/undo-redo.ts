import { request } from 'undici';
import type { LoggedType } from '../../../../src/protocol/events.ts';
import { paths } from '../../../../src/protocol/routes.ts';
import { CurlReader } from '../../support/curl-reader.ts';
import { median } from '../../support/figures.ts';
import { addImage, click, openSession } from '../../support/session.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import { StubProcess } from '../stub/process.ts';
import type { GatewayOptions } from '../systems/gateways.ts';
import { renderImage, startAlone, startTogether } from '../systems/gateways.ts';
import type { Case, Table } from './case.ts';

const CLICKS = 10;
/** Of the calls that make the ten masks; undo and redo need none. */
const SERVICE_MS = 30;
const OBJECT = 'o1';

export const undoRedo: Case = {
  name: 'undo-redo',
  about:
    'Ten clicks on an object, each with its mask; then all ten undone and made again, one after the other. From the request to the event at curl -N.',
  realOnly: true,
  run: async (settings, report) => {
    report.table(await measure(settings, 'in memory', startAlone));
    const startOnRedis: Start = async (options, opened) => {
      const [url] = await startTogether(1, options, opened);
      return url ?? '';
    };
    report.table(await measure(settings, 'on Redis', startOnRedis));
  },
};

type Start = (options: GatewayOptions, opened: AsyncDisposableStack) => Promise<string>;

async function measure(settings: Settings, where: string, start: Start): Promise<Table> {
  await using opened = new AsyncDisposableStack();
  const options = stubOf(settings, 1, { serviceMs: SERVICE_MS });
  const stub = opened.use(await StubProcess.start(options));
  const env = settings.gatewayEnv({});
  const person = await Person.open(await start({ stub, capacity: 1, env }, opened), opened);
  for (let index = 0; index < CLICKS; index += 1) await person.click();
  const { calls } = await stub.statistics();
  const undo: number[] = [];
  const redo: number[] = [];
  for (let index = 0; index < CLICKS; index += 1) undo.push(await person.undo());
  for (let index = 0; index < CLICKS; index += 1) redo.push(await person.click());
  return {
    title: `undo and redo of ten clicks, ${where}`,
    figures: [
      {
        name: 'calls for twenty steps',
        value: (await stub.statistics()).calls - calls,
        unit: '',
        target: { most: 0 },
      },
      { name: 'undo, median', value: median(undo), unit: 'ms' },
      { name: 'undo, slowest', value: Math.max(...undo), unit: 'ms', target: { most: 20 } },
      { name: 'redo, median', value: median(redo), unit: 'ms' },
      { name: 'redo, slowest', value: Math.max(...redo), unit: 'ms', target: { most: 20 } },
    ],
  };
}

/** One who does one thing after the other; each step resolves with how long it took. */
class Person {
  readonly #url: string;
  readonly #session: string;
  readonly #imageId: string;
  readonly #reader: CurlReader;
  readonly #clicks: string[] = [];

  private constructor(url: string, session: string, imageId: string, reader: CurlReader) {
    this.#url = url;
    this.#session = session;
    this.#imageId = imageId;
    this.#reader = reader;
  }

  static async open(url: string, opened: AsyncDisposableStack): Promise<Person> {
    const session = await openSession(url);
    const reader = opened.use(new CurlReader(url, session));
    await reader.next(({ event }) => event === 'session.snapshot');
    const ready = reader.next(({ event }) => event === 'image.ready');
    const imageId = await addImage(url, session, await renderImage());
    await ready;
    return new Person(url, session, imageId, reader);
  }

  /** The same points in the same order each time. */
  async click(): Promise<number> {
    const points = [{ x: 10 + this.#clicks.length, y: 20, label: 1 }] as const;
    return await this.#timed('segment.completed', async () => {
      const body = { imageId: this.#imageId, objectId: OBJECT, points };
      this.#clicks.push(await click(this.#url, this.#session, body));
    });
  }

  /** Takes the last click back; with the first one the object goes. */
  async undo(): Promise<number> {
    const id = this.#clicks.pop() ?? '';
    const sign = this.#clicks.length === 0 ? 'object.removed' : 'segment.completed';
    return await this.#timed(sign, async () => {
      const url = `${this.#url}${paths.click(this.#session, id)}`;
      const { body } = await request(url, { method: 'DELETE' });
      await body.dump();
    });
  }

  async #timed(sign: LoggedType, step: () => Promise<void>): Promise<number> {
    const seen = this.#reader.next(({ event }) => event === sign);
    const startedAt = performance.now();
    await step();
    return (await seen).at - startedAt;
  }
}
