import { ProblemError } from '../../../core/problem.ts';
import type { Incoming } from '../node-http.ts';
import { headerOf } from '../node-http.ts';

/** `type/subtype` in lower case, without parameters; `''` when there is none. */
export function mediaTypeOf(incoming: Incoming): string {
  const [type = ''] = (headerOf(incoming, 'content-type') ?? '').split(';');
  return type.trim().toLowerCase();
}

/**
 * Only JSON that says so: what a page of another origin can send without asking first is a form or
 * plain text. Only UTF-8, which is all that JSON on the wire may be (RFC 8259).
 * @throws {ProblemError} `unsupported_media_type`
 */
export function requireJson(incoming: Incoming): void {
  const type = mediaTypeOf(incoming);
  if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw new ProblemError('unsupported_media_type', 'Send this as application/json.');
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headerOf(incoming, 'content-type') ?? '');
  if (charset !== null && !/^utf-?8$/i.test(charset[1] ?? '')) {
    throw new ProblemError('unsupported_media_type', 'JSON is read as UTF-8 only.');
  }
}
