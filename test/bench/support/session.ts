import { request } from 'undici';
import { paths } from '../../../src/protocol/routes.ts';

/** A JSON request that must succeed. By undici's plain client: `fetch` alone costs a millisecond. */
export async function call<Body>(url: string, init: Call = {}): Promise<Body> {
  const { statusCode, body } = await request(url, init);
  const text = await body.text();
  if (statusCode >= 400) throw new Error(`${init.method ?? 'GET'} ${url}: ${statusCode} ${text}`);
  return JSON.parse(text) as Body;
}

interface Call {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

const JSON_HEADERS = { 'content-type': 'application/json' };

export async function openSession(url: string): Promise<string> {
  const created = await call<{ sessionId: string }>(`${url}${paths.sessions}`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: '{}',
  });
  return created.sessionId;
}

export async function addImage(url: string, session: string, bytes: Uint8Array): Promise<string> {
  const added = await call<{ imageId: string }>(`${url}${paths.images(session)}`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg' },
    body: bytes,
  });
  return added.imageId;
}

export interface Click {
  readonly imageId: string;
  readonly objectId: string;
  readonly points: readonly { x: number; y: number; label: 0 | 1 }[];
}

export async function click(url: string, session: string, body: Click): Promise<string> {
  const accepted = await call<{ clickId: string }>(`${url}${paths.clicks(session)}`, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify(body),
  });
  return accepted.clickId;
}
