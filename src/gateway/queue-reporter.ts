import type { ObjectId } from '../core/ids.ts';
import type { Clock } from '../ports/system.ts';
import type { StreamChannel } from './stream/channel.ts';
import { passingFrame } from './stream/frames.ts';
import type { StreamService } from './stream/stream-service.ts';
import type { WorkEntry } from './work/work-entry.ts';

/** Tells readers where their waiting objects stand, when that has changed (A22). */
export class QueueReporter {
  readonly #streams: StreamService;
  readonly #work: WorkEntry;
  readonly #clock: Clock;
  readonly #told = new WeakMap<StreamChannel, Map<ObjectId, number>>();

  constructor(streams: StreamService, work: WorkEntry, clock: Clock) {
    this.#streams = streams;
    this.#work = work;
    this.#clock = clock;
  }

  async report(): Promise<void> {
    await this.#streams.eachChannel(async (channel) => {
      for (const objectId of channel.waiting) await this.#reportObject(channel, objectId);
    });
  }

  async #reportObject(channel: StreamChannel, objectId: ObjectId): Promise<void> {
    const place = await this.#work.place(channel.session, objectId);
    const told = this.#told.get(channel) ?? new Map<ObjectId, number>();
    this.#told.set(channel, told);
    if (place === undefined) {
      channel.waiting.delete(objectId);
      told.delete(objectId);
      return;
    }
    const { state, position, etaMs } = place;
    // It waits no more; should it come to wait again, its place is news.
    if (state === 'running') told.delete(objectId);
    if (state === 'running' || told.get(objectId) === position) return;
    told.set(objectId, position);
    const payload = { objectId, position, etaMs };
    channel.passing(passingFrame('queue.updated', payload, this.#clock.now()));
  }
}
