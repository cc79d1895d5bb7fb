import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { startGateway } from '../support/http-gateway.ts';
import { rawExchange, rawGet } from '../support/http-raw.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('A3 X-Request-Id', () => {
  const idFor = async (path: string, id: string) =>
    (await fetch(`${gateway.url}${path}`, { headers: { 'x-request-id': id } })).headers.get(
      'x-request-id',
    );

  it.each(['/healthz', '/nothing', paths.session('ses_none')])(
    "A3 %s keeps a caller's own",
    async (path) => {
      expect(await idFor(path, 'My-id_1.2')).toBe('My-id_1.2');
      expect(await idFor(path, 'x'.repeat(128))).toBe('x'.repeat(128));
    },
  );

  it.each(['a b', 'x'.repeat(129), 'a/b', 'ä'])('A3 replaces %s', async (id) => {
    expect(await idFor('/healthz', encodeURI(id))).toMatch(/^req_[\w-]{16}$/);
  });

  it('A3 is on refusals by host and on what is no request', async () => {
    const refused = await rawGet(
      gateway.port,
      '/healthz',
      'Host: example.com',
      'X-Request-Id: mine',
    );
    const [broken] = await rawExchange(gateway.port, 'NONSENSE\r\n\r\n');

    expect(refused.headers.get('x-request-id')).toBe('mine');
    expect(broken?.headers.get('x-request-id')).toMatch(/^req_/);
  });
});
