import { Agent, request } from 'undici';
import type { SegmentRequest } from '../../../../src/protocol/feature-server.ts';
import type { Click } from '../load/ledger.ts';
import { boxOf, IMAGE } from '../stub/prompt-name.ts';
import type { Setting, System } from './system.ts';

/** Peers set no deadline: whoever asked waits for as long as it takes. */
const DEADLINE_MS = 3_600_000;

/**
 * Clicks as requests that are held until their mask is there. Each carries the whole prompt, so its
 * mask covers all clicks on the object up to it, and answers those whose own mask is still on its way.
 */
export class PlainClient implements System, AsyncDisposable {
  readonly #url: string;
  readonly #setting: Setting;
  readonly #dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

  constructor(url: string, setting: Setting) {
    this.#url = url;
    this.#setting = setting;
  }

  click(click: Click): void {
    const { ledger, clock } = this.#setting;
    this.#ask(click).then(
      (status) => {
        const now = clock.now();
        if (status === 200) ledger.masked(ledger.upTo(click), now);
        else ledger.ended(click, 'failed', now);
      },
      () => ledger.ended(click, 'failed', clock.now()),
    );
  }

  async #ask({ id, object, index }: Click): Promise<number> {
    const call: SegmentRequest = {
      requestId: String(id),
      image: { id: 'image', url: '', contentType: 'image/png', ...IMAGE },
      prompt: { points: [], box: boxOf(object, index) },
      deadlineMs: DEADLINE_MS,
      params: {},
    };
    const { statusCode, body } = await request(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(call),
      dispatcher: this.#dispatcher,
    });
    await body.dump();
    return statusCode;
  }

  /** Whatever has not been answered is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }
}
