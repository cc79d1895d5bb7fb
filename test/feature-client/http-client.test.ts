import { describe, expect, test } from 'vitest';
import type { FailureKind } from '../../src/ports/feature-server.ts';
import { MAX_MASK_COUNTS_BYTES } from '../../src/protocol/mask.ts';
import { CALL, failureOf, GOOD, HEIGHT, IMAGE, json, options, scripted, WIDTH } from './harness.ts';

const INFO = {
  name: 'scripted',
  version: '1',
  models: ['scripted'],
  concurrency: 3,
  encode: true,
  cancellable: false,
  maxImageBytes: 5_242_880,
};

describe('what is sent', () => {
  test('B3 names the image by signed URL and carries prompt, deadline, token and trace', async () => {
    await using server = await scripted(json(200, GOOD), { token: 't0ken' });
    const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
    const box = { x: 0, y: 0, width: 3, height: 2 };
    await server.client.segment(
      { ...CALL, embeddingId: 'emb-1', prompt: { ...CALL.prompt, box } },
      options({ traceparent }),
    );
    const [call] = server.received;
    expect(call?.method).toBe('POST');
    expect(call?.url).toBe('/v1/segment');
    expect(call?.headers.authorization).toBe('Bearer t0ken');
    expect(call?.headers['traceparent']).toBe(traceparent);
    expect(call?.body).toEqual({
      requestId: 'req-1',
      image: {
        id: IMAGE.imageId,
        url: `http://gateway/blobs/${IMAGE.imageId}?tenant=acme`,
        contentType: 'image/png',
        width: WIDTH,
        height: HEIGHT,
      },
      embedding: { id: 'emb-1' },
      prompt: { points: [{ x: 1, y: 2, label: 1 }], box },
      deadlineMs: 10_000,
      params: {},
    });
  });

  test('B3 names reference and uploaded embedding by URL too', async () => {
    await using server = await scripted(json(200, GOOD));
    const image = {
      ...IMAGE,
      reference: { blobId: 'ref', contentType: 'image/png' },
      embedding: { blobId: 'emb', contentType: 'application/octet-stream' },
    };
    await server.client.segment({ ...CALL, image }, options());
    expect(server.received[0]?.body).toMatchObject({
      reference: { id: 'ref', url: 'http://gateway/blobs/ref?tenant=acme' },
      embedding: { id: 'emb', url: 'http://gateway/blobs/emb?tenant=acme' },
    });
  });

  test('A3 passes on nothing that is no trace context', async () => {
    await using server = await scripted(json(200, GOOD));
    await server.client.segment(CALL, options({ traceparent: 'x\r\nevil: 1' }));
    expect(server.received[0]?.headers['traceparent']).toBeUndefined();
  });

  test('B1 keeps a path that the address has', async () => {
    await using server = await scripted(json(200, INFO));
    await using behind = await scripted(json(200, INFO), {
      address: async () => `${server.url}/models/one`,
    });
    await behind.client.info();
    expect(server.received[0]?.url).toBe('/models/one/v1/info');
  });
});

describe('good answers', () => {
  test('B1 the description is read, and asked for once', async () => {
    await using server = await scripted(json(200, { ...INFO, extra: 'ignored' }));
    expect(await server.client.info()).toEqual(INFO);
    expect(await server.client.info()).toEqual(INFO);
    expect(server.received).toHaveLength(1);
  });

  test('B2 an embedding that the server keeps is its id', async () => {
    await using server = await scripted(json(200, { embedding: { id: 'emb-9', bytes: 12 } }));
    const answer = await server.client.encode({ tenant: CALL.tenant, image: IMAGE }, options());
    expect(answer).toEqual({ embeddingId: 'emb-9' });
    expect(server.received[0]?.url).toBe('/v1/encode');
  });

  test('B3 mask, score and model come back, nothing else', async () => {
    await using server = await scripted(json(200, { ...GOOD, leak: 'x' }));
    expect(await server.client.segment(CALL, options())).toEqual(GOOD);
  });

  test.each([
    [7, 1],
    [-0.5, 0],
  ])('B3 a score of %d becomes %d', async (score, expected) => {
    await using server = await scripted(json(200, { ...GOOD, score }));
    expect((await server.client.segment(CALL, options())).score).toBe(expected);
  });
});

describe('refusals (B5)', () => {
  test.each<[number, FailureKind]>([
    [400, 'rejected'],
    [413, 'rejected'],
    [415, 'rejected'],
    [422, 'rejected'],
    [429, 'overloaded'],
    [503, 'overloaded'],
    [500, 'failed'],
    [502, 'failed'],
    [504, 'failed'],
    [401, 'failed'],
    [404, 'failed'],
    [204, 'failed'],
  ])('B5 status %d is %s', async (status, kind) => {
    await using server = await scripted(json(status, '{"message":"see http://10.0.0.7/secret"}'));
    const error = await failureOf(server.client.segment(CALL, options()));
    expect(error.kind).toBe(kind);
    expect(error.message).not.toMatch(/127\.0\.0\.1|10\.0\.0\.7|http|secret/);
  });

  test.each([
    ['2', 2_000],
    ['0', 0],
    ['nonsense', undefined],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
  ])('B5 Retry-After %j is %s ms', async (header, expected) => {
    await using server = await scripted(json(503, '', { 'retry-after': header }));
    const error = await failureOf(server.client.segment(CALL, options()));
    expect(error.retryAfterMs).toBe(expected);
  });

  test('B5 Retry-After as a date is the span until then', async () => {
    const date = new Date(Date.now() + 30_000).toUTCString();
    await using server = await scripted(json(429, '', { 'retry-after': date }));
    const error = await failureOf(server.client.segment(CALL, options()));
    expect(error.retryAfterMs).toBeGreaterThan(25_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(30_000);
  });

  test('B5 409 that names what is missing is missing, any other is failed', async () => {
    await using server = await scripted(json(409, { missing: ['image', 'embedding'] }));
    expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('missing');
    await using vague = await scripted(json(409, { message: 'conflict' }));
    expect((await failureOf(vague.client.segment(CALL, options()))).kind).toBe('failed');
  });

  test('B5 a redirect is not followed', async () => {
    await using target = await scripted(json(200, GOOD));
    await using server = await scripted(json(307, '', { location: `${target.url}/v1/segment` }));
    expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('failed');
    expect(target.received).toHaveLength(0);
  });
});

describe('answers that make no sense', () => {
  const mask = GOOD.mask;
  test.each<[string, unknown]>([
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['an array', []],
    ['no mask', { score: 1, model: 'm' }],
    ['another format', { ...GOOD, mask: { ...mask, format: 'png' } }],
    ['width and height exchanged', { ...GOOD, mask: { ...mask, size: [WIDTH, HEIGHT] } }],
    ['a huge size', { ...GOOD, mask: { ...mask, size: [1e9, 1e9] } }],
    ['run lengths that do not add up', { ...GOOD, mask: { ...mask, counts: '0' } }],
    ['run lengths with a foreign character', { ...GOOD, mask: { ...mask, counts: 'é' } }],
    [
      'counts beyond their limit',
      { ...GOOD, mask: { ...mask, counts: '0'.repeat(MAX_MASK_COUNTS_BYTES + 1) } },
    ],
    ['a score that is a text', { ...GOOD, score: '1' }],
    ['a score beyond all numbers', JSON.stringify(GOOD).replace('0.9', '1e999')],
    ['no model', { ...GOOD, model: undefined }],
  ])('B3 %s is failed', async (_, body) => {
    await using server = await scripted(json(200, body));
    expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('failed');
  });

  test('B1 a description without concurrency is failed', async () => {
    await using server = await scripted(json(200, { ...INFO, concurrency: 0 }));
    expect((await failureOf(server.client.info())).kind).toBe('failed');
  });

  test('B2 bytes instead of a name are refused with a reason', async () => {
    await using server = await scripted((response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end('bytes');
    });
    const call = server.client.encode({ tenant: CALL.tenant, image: IMAGE }, options());
    expect((await failureOf(call)).kind).toBe('rejected');
  });
});
