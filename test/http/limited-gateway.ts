/** Gateways with rate limits, and what they say about them. */
import type { HttpFaceOptions } from '../../src/adapters/http/face.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { send, startGateway } from '../support/http-gateway.ts';

/** So slow that nothing comes back while a test runs. */
export const limit = (burst: number) => ({ perSecond: 0.01, burst });

/** Trusted proxies: whoever connects from this machine. */
export const PROXIED = ['127.0.0.1', '::1'];

export const limited = (face: Partial<HttpFaceOptions>) => startGateway({ face });

export const clickOn = (gateway: TestGateway, sessionId: string, imageId: string, objectId = 'a') =>
  send(gateway, 'POST', paths.clicks(sessionId), {
    imageId,
    objectId,
    points: [{ x: 1, y: 1, label: 1 }],
  });

/** What the headers of an answer say about it; null where there is none. */
export const rate = ({ headers }: Response) => ({
  policy: headers.get('ratelimit-policy'),
  left: headers.get('ratelimit'),
  retry: headers.get('retry-after'),
});
