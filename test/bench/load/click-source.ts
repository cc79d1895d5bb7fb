import { paths } from '../../../src/protocol/routes.ts';
import { CoverStream } from './cover-stream.ts';
import { HttpPool } from './http-pool.ts';

/** After so many clicks an object is removed and begun anew: people click about as often. */
const CLICKS_PER_OBJECT = 30;

export interface Target {
  readonly url: string;
  readonly sessions: readonly string[];
  readonly imageId: string;
  readonly objects: number;
  readonly connections: number;
}

interface TargetObject {
  readonly session: string;
  readonly objectId: string;
  /** Since it was made. */
  clicks: number;
  /** Clicks that nothing has ended yet. */
  open: number;
  /** A click now would be cancelled. */
  removing: boolean;
}

interface OpenClick {
  readonly object: TargetObject;
  readonly sentAt: number;
}

/** Clicks on the objects of one server, and what became of each: accepted, then covered by a mask. */
export class ClickSource implements Disposable {
  /** Of clicks that were accepted and covered, from the POST to the frame, in milliseconds. */
  readonly latencies: number[] = [];
  readonly objects: readonly TargetObject[];
  /** Told when all clicks on an object have ended. */
  onRest: (object: TargetObject) => void = () => {};
  readonly #target: Target;
  readonly #pool: HttpPool;
  readonly #streams: CoverStream[] = [];
  readonly #open = new Map<string, OpenClick>();
  /** Covered before their POST was answered, and when. */
  readonly #early = new Map<string, number>();
  #boxes = 0;

  private constructor(target: Target, onFailure: (error: Error) => void) {
    this.#target = target;
    this.#pool = new HttpPool(target.url, target.connections, onFailure);
    this.objects = target.sessions.flatMap((session) =>
      Array.from({ length: target.objects }, (_, index) => {
        return { session, objectId: `o${index}`, clicks: 0, open: 0, removing: false };
      }),
    );
  }

  static async open(target: Target, onFailure: (error: Error) => void): Promise<ClickSource> {
    const source = new ClickSource(target, onFailure);
    for (const session of target.sessions) {
      const onCover = (clickId: string) => source.#covered(clickId);
      source.#streams.push(await CoverStream.open(target.url, session, onCover, onFailure));
    }
    return source;
  }

  /** Clicks that have not ended. */
  get pending(): number {
    return this.objects.reduce((sum, { open }) => sum + open, 0);
  }

  /** Several clicks on one object at the same moment, each on a connection of its own. */
  burst(object: TargetObject, size: number): void {
    const fresh = object.open === 0 && object.clicks + size > CLICKS_PER_OBJECT;
    object.open += size;
    const click = () => {
      for (let index = 0; index < size; index += 1) this.#click(object);
    };
    if (fresh) this.#remove(object, click);
    else click();
  }

  /** Keeps no connection but the streams; only when nothing is pending. */
  rest(): void {
    this.#pool.rest();
  }

  [Symbol.dispose](): void {
    for (const stream of this.#streams) stream[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }

  #remove(object: TargetObject, then: () => void): void {
    object.clicks = 0;
    object.removing = true;
    this.#pool.send('DELETE', paths.object(object.session, object.objectId), '', (status) => {
      if (status !== 204) throw new Error(`an object was not removed: ${status}`);
      object.removing = false;
      then();
    });
  }

  #click(object: TargetObject): void {
    // No two prompts alike: an answer from memory would not reach the feature server.
    this.#boxes += 1;
    const { imageId } = this.#target;
    const x = 1 + (this.#boxes % 4_000) / 8;
    const box = `{"x":${x},"y":${1 + (this.#boxes % 97)},"width":50,"height":50}`;
    const body = `{"imageId":"${imageId}","objectId":"${object.objectId}","box":${box}}`;
    const sentAt = performance.now();
    object.clicks += 1;
    this.#pool.send('POST', paths.clicks(object.session), body, (status, answer) => {
      if (status !== 202) throw new Error(`a click was answered with ${status}: ${answer}`);
      const at = answer.indexOf('"clickId":"') + 11;
      const clickId = answer.slice(at, answer.indexOf('"', at));
      const coveredAt = this.#early.get(clickId);
      if (coveredAt === undefined) this.#open.set(clickId, { object, sentAt });
      else this.#end({ object, sentAt }, coveredAt);
      this.#early.delete(clickId);
    });
  }

  #covered(clickId: string): void {
    const click = this.#open.get(clickId);
    if (click === undefined) {
      if (this.#early.has(clickId)) throw new Error(`${clickId} was covered twice`);
      this.#early.set(clickId, performance.now());
      return;
    }
    this.#open.delete(clickId);
    this.#end(click, performance.now());
  }

  #end({ object, sentAt }: OpenClick, at: number): void {
    this.latencies.push(at - sentAt);
    object.open -= 1;
    if (object.open === 0) this.onRest(object);
  }
}
