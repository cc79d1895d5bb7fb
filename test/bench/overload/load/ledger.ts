/** How a click ended; `undefined` while it has not. */
export type ClickEnd = 'masked' | 'failed' | 'cancelled' | 'refused';

/** One click and what became of it. Times are model milliseconds since the load began. */
export interface Click {
  readonly id: number;
  readonly object: number;
  /** Counts the clicks on its object from 0. */
  readonly index: number;
  /** When it was to be made, which is what a person would count from; not when it was sent. */
  readonly atMs: number;
  readonly last: boolean;
  end: ClickEnd | undefined;
  endedAtMs: number | undefined;
  /** What the answer to the click predicted, and when. */
  eta: { readonly atMs: number; readonly etaMs: number } | undefined;
}

/** A mask that reached its reader. */
export interface Mask {
  readonly object: number;
  readonly atMs: number;
  /** The newest click that it covers. */
  readonly newestAtMs: number;
}

export interface Records {
  readonly clicks: readonly Click[];
  readonly masks: readonly Mask[];
}

/** What concerns some of the objects. */
export function recordsOf(
  { clicks, masks }: Records,
  ofInterest: (object: number) => boolean,
): Records {
  const fits = ({ object }: { readonly object: number }) => ofInterest(object);
  return { clicks: clicks.filter(fits), masks: masks.filter(fits) };
}

/** Everything that the load generator saw of one system. */
export class Ledger implements Records {
  readonly clicks: Click[] = [];
  readonly masks: Mask[] = [];
  readonly #ofObject = new Map<number, Click[]>();

  /** A click is made now. */
  made(object: number, atMs: number, last: boolean): Click {
    const before = this.#ofObject.get(object) ?? [];
    this.#ofObject.set(object, before);
    const click: Click = {
      id: this.clicks.length,
      object,
      index: before.length,
      atMs,
      last,
      end: undefined,
      endedAtMs: undefined,
      eta: undefined,
    };
    before.push(click);
    this.clicks.push(click);
    return click;
  }

  /** A click has ended without a mask; nothing when it has ended already. */
  ended(click: Click, end: Exclude<ClickEnd, 'masked'>, atMs: number): void {
    if (click.end !== undefined) return;
    click.end = end;
    click.endedAtMs = atMs;
  }

  /** A mask that covers these clicks. */
  masked(covers: readonly Click[], atMs: number): void {
    for (const click of covers) {
      if (click.end !== undefined) continue;
      click.end = 'masked';
      click.endedAtMs = atMs;
    }
    const newest = covers.toSorted((left, right) => left.atMs - right.atMs).at(-1);
    if (newest === undefined) return;
    this.masks.push({ object: newest.object, atMs, newestAtMs: newest.atMs });
  }

  /** The clicks on an object up to this one: what a mask of all its clicks covers. */
  upTo({ object, index }: Click): readonly Click[] {
    return (this.#ofObject.get(object) ?? []).slice(0, index + 1);
  }

  get pending(): number {
    return this.clicks.filter(({ end }) => end === undefined).length;
  }
}
