import { acceptContract } from './session-store/accept.ts';
import { lifetimeContract } from './session-store/lifetime.ts';
import { objectsContract } from './session-store/objects.ts';
import { refusedClicksContract } from './session-store/refused-clicks.ts';
import { rememberedAnswersContract } from './session-store/remembered-answers.ts';
import { repeatedClicksContract } from './session-store/repeated-clicks.ts';
import { undoContract } from './session-store/undo.ts';
import { workContract } from './session-store/work.ts';
import type { OpenEngine } from './support.ts';

/** What every engine's `SessionStore` holds, by the rules of LIFECYCLE and part A. */
export function sessionStoreContract(engineName: string, open: OpenEngine): void {
  lifetimeContract(engineName, open);
  acceptContract(engineName, open);
  repeatedClicksContract(engineName, open);
  refusedClicksContract(engineName, open);
  rememberedAnswersContract(engineName, open);
  undoContract(engineName, open);
  workContract(engineName, open);
  objectsContract(engineName, open);
}
