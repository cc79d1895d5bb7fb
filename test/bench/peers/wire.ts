/** What the peers share: the routes that the load uses, and the call of the feature server. */
import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import type { SegmentResponse } from '../../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../../src/protocol/feature-server.ts';

/** Calls at once, and connections. */
export const CONCURRENCY = 64;
const DEADLINE_MS = 10_000;

/** `/v1/sessions/<id>/<part>[/<more>]`, cut in pieces. */
export function pieces(url: string): readonly [session: string, part: string, more: string] {
  const [, , , session = '', part = '', more = ''] = url.split('/');
  return [session, part, more];
}

/** The parts of part B's request that do not change. */
const IMAGE = {
  id: 'sha256-peer',
  url: 'http://127.0.0.1:1/image',
  contentType: 'image/jpeg',
  width: 640,
  height: 480,
} as const;

export const newId = () => randomUUID();

/** Calls the feature server by undici, as the gateway does. */
export function segmenter(origin: string) {
  const agent = new Agent({ connections: CONCURRENCY, pipelining: 1 });
  return async (prompt: unknown): Promise<SegmentResponse> => {
    const body = { requestId: newId(), image: IMAGE, prompt, deadlineMs: DEADLINE_MS, params: {} };
    const answer = await agent.request({
      origin,
      path: FEATURE_ROUTES.segment,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.statusCode !== 200) throw new Error(`the feature server said ${answer.statusCode}`);
    return (await answer.body.json()) as SegmentResponse;
  };
}
