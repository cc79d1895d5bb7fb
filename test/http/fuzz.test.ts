import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OPERATION_LIST } from '../../src/adapters/http/operations/table.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openWithImage, startGateway } from '../support/http-gateway.ts';
import { rawExchange } from '../support/http-raw.ts';
import { within } from '../support/http-within.ts';

let gateway: TestGateway;
let known: Readonly<Record<string, string>>;
beforeAll(async () => {
  gateway = await startGateway();
  const { sessionId, imageId } = await openWithImage(gateway);
  const { clickId, objectId } = await click(gateway, sessionId, { imageId });
  known = { sessionId, imageId, clickId, objectId };
});
afterAll(() => gateway[Symbol.asyncDispose]());

const anyText = fc.string({ unit: 'binary', maxLength: 30 });
const anyJson = fc.jsonValue({ maxDepth: 4 });

/** Bodies that are nearly right get further than random ones. */
const nearlyClick = fc.record(
  {
    imageId: fc.oneof(fc.constant('IMAGE'), anyJson),
    objectId: fc.oneof(fc.constant('o'), anyJson),
    points: fc.oneof(
      fc.array(
        fc.record(
          {
            x: fc.oneof(fc.double(), anyJson),
            y: fc.oneof(fc.double({ min: -1, max: 50 }), anyJson),
            label: fc.oneof(fc.constantFrom(0, 1), anyJson),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
      anyJson,
    ),
    box: fc.oneof(
      fc.record({ x: fc.double(), y: fc.double(), width: fc.double(), height: fc.double() }),
      anyJson,
    ),
    clientRef: anyJson,
  },
  { requiredKeys: [] },
);

const body = fc.oneof(
  nearlyClick.map((value) =>
    JSON.stringify(value).replace('"IMAGE"', () => `"${known['imageId']}"`),
  ),
  anyJson.map((value) => JSON.stringify(value)),
  anyText,
);

const request = fc.record({
  operation: fc.constantFrom(...OPERATION_LIST),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'),
  ownMethod: fc.boolean(),
  /** For parameters: the real thing, or any text. */
  parameter: fc.option(anyText, { nil: undefined }),
  query: fc.array(
    fc.tuple(
      fc.constantFrom('after', 'lastEventId', 'limit', 'format', 'expires', 'signature', 'x'),
      anyText,
    ),
    { maxLength: 3 },
  ),
  type: fc.constantFrom(
    'application/json',
    'image/png',
    'multipart/form-data; boundary=b',
    'x/y',
    '',
  ),
  key: fc.option(fc.stringMatching(/^[\x20-\x7e]{0,40}$/), { nil: undefined }),
  body,
});

/** What was generated as bytes on the wire. */
function wire(input: typeof request extends fc.Arbitrary<infer Value> ? Value : never): Buffer {
  const { operation, parameter, query } = input;
  const path = operation.operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    // A lone surrogate has no percent-encoding.
    parameter === undefined ? (known[name] ?? 'x') : encodeURIComponent(parameter.toWellFormed()),
  );
  const search = new URLSearchParams(query).toString();
  const method = input.ownMethod ? operation.operation.method : input.method;
  const bytes = Buffer.from(input.body);
  const head = [
    `${method} ${path}?${search} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    'Accept: application/json',
    ...(input.type === '' ? [] : [`Content-Type: ${input.type}`]),
    ...(input.key === undefined ? [] : [`Idempotency-Key: ${input.key}`]),
    `Content-Length: ${bytes.length}`,
    '',
    '',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), bytes]);
}

it('A2 no input, however malformed, gets a 5xx, and every refusal is a problem', async () => {
  const statuses = new Set<number>();

  await fc.assert(
    fc.asyncProperty(request, async (input) => {
      // The session must outlive the run.
      fc.pre(
        !(input.parameter === undefined && wire(input).toString('latin1').startsWith('DELETE')),
      );
      const [answer] = await within(rawExchange(gateway.port, wire(input)), 'an answer');
      statuses.add(answer?.status ?? 0);
      expect(answer?.status).toBeGreaterThanOrEqual(200);
      expect(answer?.status).toBeLessThan(500);
      expect(answer?.headers.get('x-request-id')).toBeTruthy();
      if ((answer?.status ?? 0) >= 400) {
        expect(answer?.headers.get('content-type')).toBe('application/problem+json');
      }
    }),
    { numRuns: 400 },
  );

  expect(gateway.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  expect([...statuses].sort()).toEqual(expect.arrayContaining([400, 404, 405, 415]));
}, 60_000);
