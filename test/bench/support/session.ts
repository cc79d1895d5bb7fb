import { paths } from '../../../src/protocol/routes.ts';

/** A JSON request that must succeed. */
export async function call<Body>(url: string, init: RequestInit = {}): Promise<Body> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${text}`);
  return JSON.parse(text) as Body;
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
    body: new Blob([new Uint8Array(bytes)]),
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
