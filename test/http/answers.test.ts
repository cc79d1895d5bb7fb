import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Operation } from '../../src/adapters/http/operations/operation.ts';
import type { OperationId } from '../../src/adapters/http/operations/table.ts';
import { OPERATIONS } from '../../src/adapters/http/operations/table.ts';
import { EnvelopeSchema } from '../../src/adapters/http/schema/payloads.ts';
import { ProblemSchema } from '../../src/adapters/http/schema/values.ts';
import { FeatureServerError } from '../../src/ports/feature-server.ts';
import type { ClickAccepted } from '../../src/protocol/bodies.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { click, openWithImage, send, startGateway } from '../support/http-gateway.ts';
import { plainPng } from '../support/http-images.ts';
import { openStream } from '../support/http-reader.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The answer must be one that the table describes, field by field: its objects are strict. */
async function described(id: OperationId, response: Response): Promise<unknown> {
  const operation: Operation = OPERATIONS[id];
  const doc = operation.answers[response.status];
  const problem = response.headers.get('content-type') === 'application/problem+json';
  const schema: z.ZodType | undefined = problem ? ProblemSchema : doc?.json;
  const body: unknown = response.status === 204 ? undefined : await response.json();
  if (schema === undefined) {
    expect({ id, status: response.status, doc }).toMatchObject({ doc: expect.anything() });
    return body;
  }
  const result = schema.safeParse(body);
  expect({ id, body, wrong: result.error?.issues }).toEqual({ id, body, wrong: undefined });
  return body;
}

const get = (path: string) => send(gateway, 'GET', path, undefined, { accept: 'application/json' });

it('A32 every JSON answer is what the document says', async () => {
  const metadata = { a: 1 };
  const created = await send(gateway, 'POST', paths.sessions, { name: 'n', metadata });
  const { sessionId } = (await described('createSession', created)) as { sessionId: string };
  const form = new FormData();
  form.append('image', new Blob([(await plainPng(60, 40)) as Uint8Array<ArrayBuffer>]));
  form.append('name', 'a.png');
  const added = await fetch(`${gateway.url}${paths.images(sessionId)}`, {
    method: 'POST',
    body: form,
  });
  const { imageId } = (await described('addImage', added)) as { imageId: string };
  const body = {
    imageId,
    objectId: 'o',
    clientRef: 'r',
    points: [{ x: 1, y: 1, label: 1 }],
    box: { x: 1, y: 1, width: 5, height: 5 },
  };
  const accepted = (await described(
    'createClick',
    await send(gateway, 'POST', paths.clicks(sessionId), body),
  )) as ClickAccepted;
  await described('getClick', await get(accepted.links.self));
  await described('getClick', await get(`${accepted.links.self}?wait=10`));
  const patch = { label: 'l', color: 'red', metadata };
  await described('patchObject', await send(gateway, 'PATCH', paths.object(sessionId, 'o'), patch));
  await described('getObject', await get(paths.object(sessionId, 'o')));
  await described('getMask', await get(paths.mask(sessionId, 'o')));
  await described('exportSession', await get(paths.export(sessionId)));
  await described('getSession', await get(paths.session(sessionId)));
  await described('readEvents', await get(paths.events(sessionId)));
  await described('readEvents', await get(`${paths.events(sessionId)}?after=start`));
  await described('readEvents', await get(`${paths.events(sessionId)}?after=x`));
  await described('undoClick', await send(gateway, 'DELETE', accepted.links.self));
  await described('retryObject', await send(gateway, 'POST', paths.objectRetry(sessionId, 'o')));
  await described('getReadiness', await get(paths.ready));
  await described('getHealth', await get(paths.health));
  await described('deleteSession', await send(gateway, 'DELETE', paths.session(sessionId)));
});

it('A20 every logged event is what the document says', async () => {
  const { sessionId, imageId } = await openWithImage(gateway);
  await using stream = await openStream(`${gateway.url}${paths.events(sessionId)}?after=start`);
  const first = await click(gateway, sessionId, { imageId, objectId: 'a', clientRef: 'r' });
  await stream.named('segment.completed');
  gateway.features.answerWith(() => Promise.reject(new FeatureServerError('rejected', 'no')));
  await click(gateway, sessionId, { imageId, objectId: 'a', points: [{ x: 9, y: 9, label: 0 }] });
  await stream.named('segment.failed');
  await send(gateway, 'PATCH', paths.object(sessionId, 'a'), { label: 'l' });
  await send(gateway, 'DELETE', first.links.self);
  await send(gateway, 'DELETE', paths.object(sessionId, 'a'));
  await send(gateway, 'DELETE', paths.image(sessionId, imageId));
  await send(gateway, 'DELETE', paths.session(sessionId));
  await stream.end();

  const logged = stream.frames.filter((frame) => frame.data.sequence !== undefined);

  for (const frame of logged) {
    const result = EnvelopeSchema.safeParse(frame.data);
    expect({ data: frame.data, wrong: result.error?.issues }).toMatchObject({ wrong: undefined });
  }
  expect(new Set(logged.map((frame) => frame.event))).toEqual(
    new Set([
      'session.opened',
      'image.added',
      'image.ready',
      'click.accepted',
      'segment.completed',
      'segment.failed',
      'object.updated',
      'click.undone',
      'object.removed',
      'image.removed',
      'session.closed',
    ]),
  );
});
