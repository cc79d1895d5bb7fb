import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { request } from 'undici';
import type { ClickAccepted, Snapshot } from '../../../../src/protocol/bodies.ts';
import type { LoggedPayloads, LoggedType } from '../../../../src/protocol/events.ts';
import { paths } from '../../../../src/protocol/routes.ts';
import { addImage, call, openSession } from '../../support/session.ts';
import type { Click } from '../load/ledger.ts';
import { boxOf } from '../stub/prompt-name.ts';
import type { Setting } from './system.ts';

const PREPARED_MS = 10_000;
const LOOK_MS = 50;

/** Where a session's requests go: streams stay on one gateway, clicks go to each in turn. */
export interface Gateways {
  readonly urls: readonly string[];
  readonly dispatcher: Dispatcher;
}

/** One session with its image, its clicks and the stream that its masks come on. */
export class MaskwireSession {
  readonly #setting: Setting;
  readonly #gateways: Gateways;
  readonly #sessionId: string;
  readonly #imageId: string;
  /** By the gateway's id; told by the stream, where it always comes before what ends the click. */
  readonly #clicks = new Map<string, Click>();
  readonly #made = new Map<string, Click>();
  #turn: number;

  private constructor(
    setting: Setting,
    gateways: Gateways,
    session: { readonly id: string; readonly imageId: string; readonly turn: number },
  ) {
    this.#setting = setting;
    this.#gateways = gateways;
    this.#sessionId = session.id;
    this.#imageId = session.imageId;
    this.#turn = session.turn;
  }

  /** Resolves when its image is ready and its stream is open. `turn` says which gateway is first. */
  static async open(
    setting: Setting,
    gateways: Gateways,
    image: Uint8Array,
    turn: number,
  ): Promise<MaskwireSession> {
    const url = gateways.urls[turn % gateways.urls.length] ?? '';
    const id = await openSession(url);
    const imageId = await addImage(url, id, image);
    await prepared(url, id);
    const session = new MaskwireSession(setting, gateways, { id, imageId, turn });
    await session.#read(url);
    return session;
  }

  click(click: Click): void {
    const { ledger, clock } = this.#setting;
    this.#post(click).catch(() => ledger.ended(click, 'failed', clock.now()));
  }

  async #post(click: Click): Promise<void> {
    const { ledger, clock } = this.#setting;
    const { urls, dispatcher } = this.#gateways;
    this.#turn += 1;
    this.#made.set(String(click.id), click);
    const { statusCode, body } = await request(
      `${urls[this.#turn % urls.length]}${paths.clicks(this.#sessionId)}`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          imageId: this.#imageId,
          objectId: `o${click.object}`,
          box: boxOf(click.object, click.index),
          clientRef: String(click.id),
        }),
        dispatcher,
      },
    );
    const answer = await body.json();
    if (statusCode === 202) {
      const { etaMs } = (answer as ClickAccepted).queue;
      click.eta = { atMs: clock.now(), etaMs: etaMs * clock.speed };
    } else {
      ledger.ended(click, statusCode === 429 ? 'refused' : 'failed', clock.now());
    }
  }

  async #read(url: string): Promise<void> {
    const { statusCode, body } = await request(`${url}${paths.events(this.#sessionId)}`, {
      headers: { accept: 'text/event-stream' },
      dispatcher: this.#gateways.dispatcher,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    if (statusCode !== 200) throw new Error(`a stream was answered with ${statusCode}`);
    const parser = createParser({
      onEvent: ({ event, data }) => {
        const take = this.#takers[event as LoggedType];
        if (take !== undefined) take(JSON.parse(data).payload);
      },
    });
    // Nothing is lost on the way, so the end of the stream is that of the run.
    body.on('data', (bytes: Buffer) => parser.feed(bytes.toString('utf8')));
    body.on('error', () => undefined);
  }

  readonly #takers: { readonly [Type in LoggedType]?: (payload: LoggedPayloads[Type]) => void } = {
    'click.accepted': ({ clickId, clientRef }) => {
      const click = this.#made.get(clientRef ?? '');
      if (click !== undefined) this.#clicks.set(clickId, click);
    },
    'segment.completed': ({ covers }) => {
      this.#setting.ledger.masked(this.#known(covers), this.#setting.clock.now());
    },
    'segment.failed': ({ covers }) => this.#ended(covers, 'failed'),
    'click.cancelled': ({ clickId }) => this.#ended([clickId], 'cancelled'),
  };

  #ended(ids: readonly string[], end: 'failed' | 'cancelled'): void {
    const { ledger, clock } = this.#setting;
    for (const click of this.#known(ids)) ledger.ended(click, end, clock.now());
  }

  #known(ids: readonly string[]): readonly Click[] {
    return ids.flatMap((id) => this.#clicks.get(id) ?? []);
  }
}

async function prepared(url: string, session: string): Promise<void> {
  const deadline = performance.now() + PREPARED_MS;
  while (performance.now() < deadline) {
    const { images } = await call<Snapshot>(`${url}${paths.session(session)}`);
    if (images.every(({ status }) => status === 'ready')) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error('an image was not prepared in time');
}
