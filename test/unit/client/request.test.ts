import { describe, expect, it } from 'vitest';
import { MaskwireError } from '../../../src/client/maskwire-error.ts';
import { requestJson } from '../../../src/client/request.ts';
import { SessionRequests } from '../../../src/client/session-requests.ts';
import { FakeEnvironment, json, problem } from './fakes.ts';
import { IMAGE, image, SESSION } from './frames.ts';

/** Lets the pauses between attempts pass at once. */
function hurried(...answers: (Response | Error)[]) {
  const environment = new FakeEnvironment();
  environment.answers.push(...answers);
  const after = environment.after;
  const waits: number[] = [];
  const target = {
    environment: Object.assign(environment, {
      after: (ms: number, run: () => void) => {
        waits.push(ms);
        queueMicrotask(run);
        return after(0, () => undefined);
      },
    }),
    base: 'http://gateway',
  };
  return { environment, target, waits };
}

const keysOf = (environment: FakeEnvironment): unknown[] =>
  environment.requests.map(({ init }) => new Headers(init.headers).get('Idempotency-Key'));

async function failure(promise: Promise<unknown>): Promise<MaskwireError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MaskwireError)) throw new Error('no MaskwireError', { cause: error });
  return error;
}

describe('requests', () => {
  it('A2 throw what the problem document says', async () => {
    const errors = [{ path: 'points.0.x', message: 'must be inside' }];
    const { target } = hurried(problem(422, 'out_of_bounds', { retryable: false, errors }));
    const error = await failure(requestJson(target, '/v1/x'));
    expect(error).toMatchObject({
      code: 'out_of_bounds',
      message: 'because out_of_bounds',
      status: 422,
      retryable: false,
      errors,
    });
  });

  it('say so when the answer is no problem document', async () => {
    const { target, environment } = hurried(new Response('<h1>nope</h1>', { status: 403 }));
    const error = await failure(requestJson(target, '/v1/x'));
    expect([error.code, error.status, error.retryable]).toEqual(['unexpected_answer', 403, false]);
    expect(environment.requests).toHaveLength(1);
  });

  it('A4 repeat a click with its key until there is an answer', async () => {
    const { target, environment, waits } = hurried(
      new TypeError('reset'),
      problem(503, 'storage_unavailable', { retryable: true }),
      json({ clickId: 'clk_1' }, { status: 202 }),
    );
    const requests = new SessionRequests(target, SESSION);
    await requests.click({ imageId: IMAGE, points: [{ x: 1, y: 2, label: 1 }] }, 'the-key');
    expect(keysOf(environment)).toEqual(['the-key', 'the-key', 'the-key']);
    expect(waits).toEqual([300, 600]);
  });

  it('give up after four attempts, with the last failure as the cause', async () => {
    const { target, environment } = hurried();
    const error = await failure(requestJson(target, '/v1/x'));
    expect(error.code).toBe('network');
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(environment.requests).toHaveLength(4);
  });

  it('never repeat a POST without a key', async () => {
    const { target, environment } = hurried();
    await failure(requestJson(target, '/v1/x', { method: 'POST', body: {} }));
    expect(environment.requests).toHaveLength(1);
  });

  it('A5 wait as long as they are told, and report a wait that is too long for a person', async () => {
    const busy = (seconds: string): Response => {
      const answer = problem(429, 'overloaded', { retryable: true });
      return new Response(answer.body, { status: 429, headers: { 'Retry-After': seconds } });
    };
    const short = hurried(busy('2'), json({}));
    await requestJson(short.target, '/v1/x');
    expect(short.waits).toEqual([2300]);
    const long = hurried(busy('9'));
    const error = await failure(requestJson(long.target, '/v1/x'));
    expect([error.code, error.retryAfterMs]).toEqual(['overloaded', 9000]);
  });

  it('A5 wait as long with an upload whose progress is watched', async () => {
    const { target, environment, waits } = hurried();
    const refused = problem(429, 'rate_limited', { retryable: true });
    const answers = [
      { status: 429, text: await refused.text(), retryAfter: '1' },
      { status: 201, text: JSON.stringify(image('preparing')), retryAfter: null },
    ];
    Object.assign(environment, { upload: () => Promise.resolve(answers.shift()) });
    await new SessionRequests(target, SESSION).uploadImage({
      image: new Blob(['x'], { type: 'image/png' }),
      onProgress: () => undefined,
    });
    expect(waits).toEqual([1300]);
  });

  it('A9 send an image as a form with its name, and report progress where it can be seen', async () => {
    const { target, environment } = hurried();
    const seen: number[] = [];
    let name: unknown;
    Object.assign(environment, {
      upload: ({ body, onProgress }: { body: FormData; onProgress: (part: number) => void }) => {
        onProgress(0.5);
        name = body.get('name');
        const text = JSON.stringify(image('preparing'));
        return Promise.resolve({ status: 201, text, retryAfter: null });
      },
    });
    const requests = new SessionRequests(target, SESSION);
    const body = await requests.uploadImage({
      image: new Blob(['x'], { type: 'image/png' }),
      name: 'desk.png',
      onProgress: (part) => seen.push(part),
    });
    expect([body.imageId, seen, name]).toEqual([IMAGE, [0.5], 'desk.png']);
  });
});
