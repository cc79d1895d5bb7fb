import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, startGateway } from '../support/http-gateway.ts';
import { rawExchange, rawRequest } from '../support/http-raw.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A18 negotiation', () => {
  const STREAM = 'text/event-stream';
  const JSON_TYPE = 'application/json';

  it.each([
    [undefined, STREAM],
    ['*/*', STREAM],
    ['text/html,application/xhtml+xml,*/*;q=0.8', STREAM],
    ['text/event-stream', STREAM],
    ['application/json, text/event-stream', STREAM],
    ['application/json, text/plain, */*', STREAM],
    ['application/json;q=0.5, text/event-stream;q=0.6', STREAM],
    ['application/json;q=0', STREAM],
    ['image/png', STREAM],
    [',;q=,,', STREAM],
    ['application/json', JSON_TYPE],
    ['Application/JSON', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json;q=0.6, text/event-stream;q=0.5', JSON_TYPE],
    ['application/json, */*;q=0.1', JSON_TYPE],
    ['text/event-stream;q=0, */*', JSON_TYPE],
  ])('A18 Accept: %s gets %s', async (accept, type) => {
    const { sessionId } = await openSession(gateway);
    const headers = accept === undefined ? [] : [`Accept: ${accept}`];

    const [answer] = await rawExchange(
      gateway.port,
      rawRequest(paths.events(sessionId), 'Host: localhost', ...headers).replace('GET', 'HEAD'),
    );

    expect(answer?.status).toBe(200);
    expect(answer?.headers.get('content-type')).toBe(type);
    expect(answer?.headers.get('vary')).toBe('Accept, Origin');
  });
});
