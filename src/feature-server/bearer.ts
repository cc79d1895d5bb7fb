import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * True when an `Authorization` header carries exactly this bearer token. Takes the same time
 * wherever the two differ, so that the token cannot be guessed letter by letter.
 */
export function hasBearer(header: string | undefined, token: string): boolean {
  const given = /^bearer +(\S+) *$/i.exec(header ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(token));
}

/** Equal lengths, whatever was sent: `timingSafeEqual` refuses others. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
