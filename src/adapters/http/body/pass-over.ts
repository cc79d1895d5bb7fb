import { headerOf } from '../node-http.ts';
import type { BodySource } from './read-body.ts';
import { hasNoBody, readBody } from './read-body.ts';

/** Clicks, patches and names; an image is not read to be thrown away. */
const SMALL = 16 * 1024;

/**
 * Takes a small body that nobody will look at off its connection, so that this can be used again: a
 * new connection for each refusal would cost more than the request, and a proxy its ports.
 */
export async function passOver(source: BodySource): Promise<void> {
  if (hasNoBody(source.incoming)) return;
  const length = Number(headerOf(source.incoming, 'content-length') ?? Number.NaN);
  if (!(length <= SMALL)) return;
  // Whatever is wrong with it, it was refused already.
  await readBody(source, SMALL).catch(() => undefined);
}
