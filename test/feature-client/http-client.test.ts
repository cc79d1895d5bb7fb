import { describe, expect, test } from 'vitest';
import { encodeMask } from '../../src/core/rle.ts';
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

  test('B2 an encode call says how long its answer is waited for', async () => {
    await using server = await scripted(json(200, { embedding: { id: 'e' } }));
    await server.client.encode(CALL, options({ deadlineMs: 1_234 }));
    expect(server.received[0]?.body).toMatchObject({
      image: { id: IMAGE.imageId },
      deadlineMs: 1_234,
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

  test('B3 mask, score and model come back with what the mask covers, nothing else', async () => {
    await using server = await scripted(json(200, { ...GOOD, leak: 'x' }));
    const covered = { area: 8, bounds: { x: 0, y: 0, width: 4, height: 4 } };
    expect(await server.client.segment(CALL, options())).toEqual({ ...GOOD, ...covered });
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
    ['a score that is none', JSON.stringify(GOOD).replace('0.9', 'NaN')],
    ['a number beyond all numbers elsewhere', `{"x":-1e999,${JSON.stringify(GOOD).slice(1)}`],
    ['no model', { ...GOOD, model: undefined }],
    ['a model without a name', { ...GOOD, model: '' }],
    ['a model with too long a name', { ...GOOD, model: 'm'.repeat(201) }],
    ['JSON that is cut off', JSON.stringify(GOOD).slice(0, -1)],
    ['JSON twice', JSON.stringify(GOOD).repeat(2)],
    ['a name given twice', `{"score":0.1,${JSON.stringify(GOOD).slice(1)}`],
    ['a name given twice inside', JSON.stringify(GOOD).replace('"counts"', '"counts":"","counts"')],
    ['a prototype', `{"__proto__":{"polluted":1},${JSON.stringify(GOOD).slice(1)}`],
    ['nesting without end', '['.repeat(900_000)],
    ['numbers without end', `{"x":[${'1,'.repeat(900_000)}1],${JSON.stringify(GOOD).slice(1)}`],
    ['deep nesting', `{"x":${'['.repeat(40)}${']'.repeat(40)},${JSON.stringify(GOOD).slice(1)}`],
    ['no counts', { ...GOOD, mask: { ...mask, counts: undefined } }],
    ['counts that are numbers', { ...GOOD, mask: { ...mask, counts: [3, 21] } }],
    ['no run at all', { ...GOOD, mask: { ...mask, counts: '' } }],
    ['one pixel too many', { ...GOOD, mask: { ...mask, counts: 'i0' } }],
    ['a run that ends in the middle', { ...GOOD, mask: { ...mask, counts: 'P' } }],
    ['a run longer than any', { ...GOOD, mask: { ...mask, counts: 'oooooooo0' } }],
    ['three dimensions', { ...GOOD, mask: { ...mask, size: [HEIGHT, WIDTH, 1] } }],
    ['one dimension', { ...GOOD, mask: { ...mask, size: [HEIGHT] } }],
    ['no dimension', { ...GOOD, mask: { ...mask, size: [0, 0] } }],
    ['negative dimensions', { ...GOOD, mask: { ...mask, size: [-HEIGHT, -WIDTH] } }],
    ['half a dimension', { ...GOOD, mask: { ...mask, size: [HEIGHT + 0.5, WIDTH] } }],
    ['dimensions that are texts', { ...GOOD, mask: { ...mask, size: ['4', '6'] } }],
    ['a mask that is null', { ...GOOD, mask: null }],
    ['null', 'null'],
  ])('B3 %s is failed', async (_, body) => {
    await using server = await scripted(json(200, body));
    expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('failed');
  });

  test('B3 bytes that are no UTF-8 are failed', async () => {
    const bytes = Buffer.from(JSON.stringify(GOOD).replace('scripted', 'ÿ'), 'latin1');
    await using server = await scripted((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(bytes);
    });
    expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('failed');
  });

  test.each(['text/html', 'text/plain; charset=utf-8', 'application/octet-stream', 'nonsense'])(
    'B3 an answer that is said to be %s is failed, whatever it holds',
    async (type) => {
      await using server = await scripted(json(200, GOOD, { 'content-type': type }));
      expect((await failureOf(server.client.segment(CALL, options()))).kind).toBe('failed');
    },
  );

  test.each(['application/json', 'Application/JSON; charset=utf-8', 'application/vnd.x+json', ''])(
    'B3 an answer of the type %j is read',
    async (type) => {
      await using server = await scripted((response) => {
        response.writeHead(200, type === '' ? {} : { 'content-type': type });
        response.end(JSON.stringify(GOOD));
      });
      expect(await server.client.segment(CALL, options())).toMatchObject(GOOD);
    },
  );

  test('A21 the largest mask that there may be is read, however it is escaped', async () => {
    // A chessboard: each pixel is a run of its own and takes a character.
    const size = { width: 300, height: 870 };
    const pixels = Array.from({ length: size.width * size.height }, (_, i) => {
      return (Math.floor(i / size.width) + i) % 2;
    });
    const { counts, ...made } = encodeMask(pixels, size);
    expect(counts.length).toBeGreaterThan(0.99 * MAX_MASK_COUNTS_BYTES);
    const escaped = [...counts]
      .map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
    const answer = { ...GOOD, mask: { ...GOOD.mask, ...made, counts: '<counts>' } };
    const text = JSON.stringify(answer).replace('<counts>', escaped);
    await using server = await scripted(json(200, text));
    const image = { ...CALL.image, ...size };
    const read = await server.client.segment({ ...CALL, image }, options());
    expect(read.mask.counts).toBe(counts);
  });

  test.each<[string, unknown]>([
    ['no embedding', {}],
    ['an embedding without a name', { embedding: { id: '' } }],
    ['an embedding whose name is a number', { embedding: { id: 7 } }],
    ['an embedding with too long a name', { embedding: { id: 'e'.repeat(201) } }],
    ['two embeddings', '{"embedding":{"id":"a"},"embedding":{"id":"b"}}'],
  ])('B2 %s is failed', async (_, body) => {
    await using server = await scripted(json(200, body));
    const call = server.client.encode({ tenant: CALL.tenant, image: IMAGE }, options());
    expect((await failureOf(call)).kind).toBe('failed');
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
