/** What a command ends with: it worked, it did not, it was not asked in a way that it understands. */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** A failure that the person at the keyboard can do something about: one line, no stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT.failure;
  }
}
