import { ProblemError } from '../../../core/problem.ts';
import type { AcceptClick, Changed } from '../../../ports/session-store.ts';
import type { SessionState } from './session-state.ts';
import { needOf } from './session-state.ts';

/** An earlier answer as it is given again: what the caller enqueues by is the present (L1). */
export function again(state: SessionState, first: Changed): Changed {
  return { ...first, replayed: true, ...needOf(state, first.objectId) };
}

/**
 * What this request, or another one with the same key and content, was answered before.
 * @throws ProblemError `idempotency_key_reused`
 */
export function earlierAnswer(state: SessionState, command: AcceptClick): Changed | undefined {
  const keyed =
    command.idempotency === undefined ? undefined : state.keys.get(command.idempotency.key);
  if (keyed !== undefined && keyed.fingerprint !== command.idempotency?.fingerprint) {
    throw new ProblemError('idempotency_key_reused', 'The key was used for another click.');
  }
  const first = keyed?.answer ?? state.requests.get(command.clickId);
  return first === undefined ? undefined : again(state, first);
}

export function rememberRequest(state: SessionState, command: AcceptClick, answer: Changed): void {
  state.requests.set(command.clickId, answer);
  if (command.idempotency === undefined) return;
  const { key, fingerprint } = command.idempotency;
  state.keys.set(key, { fingerprint, answer });
}
