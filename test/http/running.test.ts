import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATION_LIST } from '../../src/adapters/http/operations/table.ts';
import { paths } from '../../src/protocol/routes.ts';
import { meddle } from '../gateway/support/faulty-engine.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { addImage, openSession, send, startGateway } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';
import { rawExchange, rawRequest } from '../support/http-raw.ts';

let gateway: TestGateway;
let signed = true;
beforeAll(async () => {
  gateway = await startGateway({
    verifyUrl: () => signed,
    face: {
      metricsText: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    },
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId: string }>>>>;
}

describe('A32 the OpenAPI document', () => {
  const document = async () =>
    (await (await send(gateway, 'GET', paths.openapi)).json()) as Document;

  it('A32 is 3.1', async () => {
    expect((await document()).openapi).toMatch(/^3\.1\./);
  });

  it('A32 documents every route, and nothing but routes', async () => {
    const documented = Object.entries((await document()).paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );

    const routed = gateway.face.app.routes.map(
      ({ method, path }) => `${method} ${path.replace('{.+}', '').replaceAll(/:(\w+)/g, '{$1}')}`,
    );
    expect(documented.sort()).toEqual(routed.sort());
  });

  it('A32 no reference leads nowhere', async () => {
    const text = await (await send(gateway, 'GET', paths.openapi)).text();
    const whole = JSON.parse(text) as { components: { schemas: Record<string, unknown> } };

    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);

    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(whole.components.schemas).toHaveProperty(name ?? '');
  });

  it('A28 says nothing of URLs to be fetched', async () => {
    const text = await (await send(gateway, 'GET', paths.openapi)).text();

    expect(text).not.toMatch(/imageUrl|referenceUrl|embeddingUrl|callbacks|tickets/);
  });
});

describe('A2 methods and paths', () => {
  const targets = OPERATION_LIST.map(({ operation }) => operation.path)
    .filter((path, i, all) => all.indexOf(path) === i)
    .map((template) => ({ template, path: template.replaceAll(/\{\w+\}/g, 'x') }));

  it.each(targets)('A2 $template: what is not offered is a 405 with Allow', async (target) => {
    const offered = OPERATION_LIST.filter(
      ({ operation }) => operation.path === target.template,
    ).map(({ operation }) => operation.method as string);
    const allow = [...offered, ...(offered.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');

    const put = await send(gateway, 'PUT', target.path);
    const options = await send(gateway, 'OPTIONS', target.path);

    expect([put.status, put.headers.get('allow')]).toEqual([405, allow]);
    expect(await put.json()).toMatchObject({ code: 'method_not_allowed', status: 405 });
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
  });

  it.each(targets.filter(({ template }) => template.includes('{sessionId}')))(
    'A8 $template of no session is a 404 session_not_found',
    async ({ template }) => {
      for (const { operation } of OPERATION_LIST.filter(
        (entry) => entry.operation.path === template,
      )) {
        const path = template
          .replace('{sessionId}', `ses_${'x'.repeat(22)}`)
          .replaceAll(/\{\w+\}/g, 'x');
        const response = await send(
          gateway,
          operation.method,
          path,
          operation.method === 'GET' ? undefined : {},
        );
        expect(response.status).toBe(404);
        expect(await response.json()).toMatchObject({ code: 'session_not_found' });
      }
    },
  );

  it.each(['/nothing', '/v1', '/v1/', '/v1/sessions/', '/v2/sessions', '/healthz/', '/%', '/%ff'])(
    'A2 %s is a 404 problem',
    async (path) => {
      const response = await send(gateway, 'GET', path);

      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  it('A2 HEAD is answered like GET, without a body', async () => {
    const [answer] = await rawExchange(
      gateway.port,
      rawRequest('/nothing', 'Host: localhost').replace('GET', 'HEAD'),
    );

    expect(answer?.status).toBe(404);
    expect(answer?.body).toBe('');
  });
});

describe('A32 running', () => {
  it('A32 healthz, readyz and metrics', async () => {
    expect(await (await send(gateway, 'GET', paths.health)).json()).toEqual({ status: 'ok' });
    const ready = await send(gateway, 'GET', paths.ready);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', problems: [] }]);
    const metrics = await send(gateway, 'GET', paths.metrics);
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await metrics.text()).toBe('up 1\n');
  });

  it('A32 readyz names what is not ready', async () => {
    await using lost = await startGateway({
      engine: (engine) => ({ ...engine, ready: () => Promise.reject(new Error('redis://secret')) }),
    });

    const response = await send(lost, 'GET', paths.ready);

    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({
      status: 'unavailable',
      problems: ['The storage cannot be reached.'],
    });
  });

  it('A2 a fault of ours is a bare 500', async () => {
    await using broken = await startGateway({
      engine: (engine) =>
        meddle(engine, 'sessions', ['open'], () =>
          Promise.reject(new Error('password hunter2 at redis://10.0.0.7')),
        ),
    });

    const response = await send(broken, 'POST', paths.sessions, {}, { 'x-request-id': 'r-7' });

    expect(response.status).toBe(500);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', retryable: true });
    expect(text).not.toMatch(/hunter2|10\.0\.0\.7|redis/);
    expect(broken.log.lines.at(-1)).toMatchObject({ level: 'error', fields: { requestId: 'r-7' } });
  });
});

describe('A32 the studio page', () => {
  it('A32 comes with a policy of its own', async () => {
    const response = await send(gateway, 'GET', paths.studio);

    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'; img-src 'self' blob: data:");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('A32 modules come with their type, and 304 when they are known', async () => {
    const url = `${gateway.url}/assets/web/parts/main.js`;

    const first = await fetch(url);
    const etag = first.headers.get('etag') ?? '';
    const second = await fetch(url, { headers: { 'if-none-match': etag } });

    expect(first.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await first.text()).toBe('export const answer = 42;\n');
    expect([second.status, await second.text()]).toEqual([304, '']);
  });

  it.each([
    '/assets/app/config.js',
    '/assets/web/.secret.js',
    '/assets/web/../app/config.js',
    '/assets/web/%2e%2e/app/config.js',
    '/assets/web/..%2fapp/config.js',
    '/assets/web/..%5capp%5cconfig.js',
    '/assets/web//parts/main.js',
    '/assets/web/parts',
    '/assets/web/parts/',
    '/assets/web/main.ts',
    '/assets/web/parts/main.js%00.js',
    '/assets/web',
    '/assets//etc/passwd',
  ])('A32 %s is a 404', async (target) => {
    const [answer] = await rawExchange(gateway.port, rawRequest(target, 'Host: localhost'));

    expect([400, 404]).toContain(answer?.status);
    expect(answer?.body).not.toContain('not for pages');
  });
});

describe('B3 signed blobs', () => {
  it('B3 are given out while the signature holds, and not a byte longer', async () => {
    const { sessionId } = await openSession(gateway);
    const bytes = await plainPng(6, 6);
    const { imageId } = await addImage(gateway, sessionId, bytes);
    const url = `${gateway.url}${paths.blob(imageId)}?expires=1&tenant=t&signature=s`;

    signed = true;
    const good = await fetch(url);
    signed = false;
    const bad = await fetch(url);
    signed = true;
    const missing = await fetch(`${gateway.url}${paths.blob('sha256-none')}?expires=1`);

    expect(good.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await good.arrayBuffer()).equals(bytes)).toBe(true);
    expect([bad.status, missing.status]).toEqual([404, 404]);
  });
});
