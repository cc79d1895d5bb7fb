/** Uploads of images, to a gateway that takes small ones only. */
import { expect } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { paths } from '../../src/protocol/routes.ts';
import type { TestGateway } from '../support/http-gateway.ts';
import { openSession, snapshotOf, startGateway } from '../support/http-gateway.ts';

export const MAX_IMAGE_BYTES = 256 * 1024;

export const startForUploads = (): Promise<TestGateway> =>
  startGateway({ settings: { maxImageBytes: MAX_IMAGE_BYTES, maxImages: 100 } });

export type UploadBody = Uint8Array | FormData | string;

/** Of no type unless one is named; a form brings its own. */
export const upload = (
  gateway: TestGateway,
  sessionId: string,
  body: UploadBody,
  type?: string,
): Promise<Response> =>
  fetch(`${gateway.url}${paths.images(sessionId)}`, {
    method: 'POST',
    body: body as NonNullable<RequestInit['body']>,
    headers: type === undefined ? {} : { 'content-type': type },
  });

export const form = (parts: Readonly<Record<string, Uint8Array | string>>): FormData => {
  const data = new FormData();
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') data.append(name, part);
    else data.append(name, new Blob([part as Uint8Array<ArrayBuffer>]), `${name}.bin`);
  }
  return data;
};

export interface RefusedUpload {
  readonly what: string;
  readonly body: () => Promise<UploadBody> | UploadBody;
  readonly type?: string | undefined;
  readonly status: number;
  readonly code: string;
}

/** Uploads it to a new session, which must be as it was afterwards. */
export async function expectRefusal(
  gateway: TestGateway,
  { body, type, status, code }: RefusedUpload,
): Promise<void> {
  const { sessionId } = await openSession(gateway);
  const { cursor } = await snapshotOf(gateway, sessionId);

  const response = await upload(gateway, sessionId, await body(), type);

  const problem = (await response.json()) as Problem;
  expect({ status: response.status, code: problem.code }).toEqual({ status, code });
  expect(await snapshotOf(gateway, sessionId)).toMatchObject({ cursor, images: [] });
}
