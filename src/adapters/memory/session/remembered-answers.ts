import type { ImageId } from '../../../core/ids.ts';
import type { Prompt } from '../../../core/prompt.ts';
import { promptKey } from '../../../core/prompt.ts';
import type { Answer } from '../../../ports/session-store.ts';
import { BoundedMap } from '../bounded-map.ts';

/** An answer without the times of the call that brought it. */
export type RememberedAnswer = Omit<Answer, 'timings'>;

/** Bounds the entries that a session of many small masks keeps. */
const MAX_ANSWERS = 256;
/** Bounds the memory that a session of large masks keeps: characters of their counts. */
const MAX_COUNTS_CHARACTERS = 4 * 1024 * 1024;

/** Answers of one session by what was asked, so that undo and redo cost no call (A13, A15). */
export class RememberedAnswers {
  readonly #answers = new BoundedMap<string, RememberedAnswer>(
    MAX_ANSWERS,
    MAX_COUNTS_CHARACTERS,
    (answer) => answer.mask.counts.length,
  );

  find(image: ImageId, prompt: Prompt): RememberedAnswer | undefined {
    return this.#answers.get(keyOf(image, prompt));
  }

  remember(image: ImageId, prompt: Prompt, answer: Answer): void {
    const { mask, bounds, area, score, model } = answer;
    this.#answers.set(keyOf(image, prompt), { mask, bounds, area, score, model });
  }

  /** The image may come back with another reference, and then with other masks. */
  forgetImage(image: ImageId): void {
    for (const key of [...this.#answers.keys()]) {
      if (key.startsWith(`${image} `)) this.#answers.delete(key);
    }
  }
}

const keyOf = (image: ImageId, prompt: Prompt) => `${image} ${promptKey(prompt)}`;
