import type { KeptAnswer } from '../../../ports/idempotency-store.ts';
import { json, keptJson, respond } from '../answers.ts';
import { readJson } from '../body/json-body.ts';
import type { FaceContext } from '../context.ts';
import { bodyOf, clickParameter, enter } from '../context.ts';
import type { Claim } from '../idempotency.ts';
import { claimOf, keptAnswer, replay, traceparentOf } from '../idempotency.ts';
import { held } from '../limits/held.ts';
import type { Call } from '../node-http.ts';
import { OPERATIONS } from '../operations/table.ts';
import { waitOf } from '../wait.ts';

/** A12–A15 and A17. */
export function clickHandlers(face: FaceContext) {
  const { gateway } = face;
  return {
    createClick: async (call: Call) => {
      const session = await enter(face, call);
      const body = await readJson(bodyOf(face, call), OPERATIONS.createClick.request.json);
      const claim = claimOf(call, body.raw);
      const known = claim && (await peek(face, claim));
      if (known !== undefined) return replay(known);
      const { accepted, replayed } = await gateway.clicks.submit(session, {
        ...body.value,
        points: body.value.points ?? [],
        traceparent: traceparentOf(call),
        idempotency: claim && { key: claim.key, fingerprint: claim.fingerprint },
      });
      const answer = keptJson(202, accepted, { Location: accepted.links.self });
      if (claim === undefined) return respond(answer);
      await keep(face, claim, answer);
      // Of requests that ran at once with one key the first answer counts, for all of them.
      return replayed ? replay((await peek(face, claim)) ?? answer) : respond(answer);
    },
    getClick: async (call: Call) => {
      const { ms = 0, headers } = waitOf(call);
      const session = await enter(face, call);
      const id = clickParameter(call);
      const { signal } = call.req.raw;
      const state = await held(face, call, session, ms, () =>
        gateway.clicks.wait(session, id, ms, signal),
      );
      return json(200, state, headers);
    },
    undoClick: async (call: Call) => {
      const session = await enter(face, call);
      return json(202, await gateway.clicks.undo(session, clickParameter(call)));
    },
  };
}

async function peek({ engine, clock }: FaceContext, claim: Claim): Promise<KeptAnswer | undefined> {
  const { scope, key, fingerprint } = claim;
  return keptAnswer(await engine.idempotency.peek(scope, key, fingerprint, clock.now()));
}

async function keep({ engine, clock }: FaceContext, claim: Claim, answer: KeptAnswer) {
  const { scope, key, fingerprint } = claim;
  await engine.idempotency.keep(scope, key, fingerprint, answer, clock.now());
}
