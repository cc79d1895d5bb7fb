import type { Connection } from './stub.ts';

/** A connection without a network: whoever calls closes it. */
export class VirtualConnection implements Connection {
  readonly #listeners: (() => void)[] = [];
  closed = false;

  onClose(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.closed = true;
    for (const listener of this.#listeners) listener();
  }
}
