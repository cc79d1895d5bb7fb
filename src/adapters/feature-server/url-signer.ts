import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Tenant } from '../../core/ids.ts';
import type { Clock } from '../../ports/system.ts';
import { paths } from '../../protocol/routes.ts';

/** How long a URL stays the same, and how long it is good for at least. */
const DEFAULT_SPAN_MS = 10 * 60 * 1000;

/** Longest text that is looked at as an expiry: no date needs more, and the rest is a stranger's. */
const EXPIRY = /^\d{1,16}$/;

/** Bounds the memory for URLs that are not signed anew; half a megabyte. */
const MAX_REMEMBERED = 1_000;

export interface UrlSignerOptions {
  /** Where feature servers reach this gateway; asked at each signing, since a port may be chosen late. */
  readonly base: () => string;
  /** Shared by gateways that serve each other's URLs; at least 32 bytes. */
  readonly secret: string | Uint8Array;
  readonly clock: Clock;
  readonly spanMs?: number;
}

/** Query of a signed URL, as it arrives. */
interface SignedUrlQuery {
  readonly expires: string;
  readonly tenant: string;
  readonly signature: string;
}

export interface UrlSigner {
  /** An absolute URL under which whoever has it may read this one blob for a while. */
  sign(blobId: string, tenant: Tenant): string;
  /** True for the query of a URL that was signed here, for this blob, and has not expired. */
  verify(blobId: string, query: SignedUrlQuery): boolean;
}

/**
 * Signs the URLs by which feature servers fetch images (B3), so that they need no account here and
 * a leaked URL opens one image for minutes, not everything for ever.
 *
 * Expiries are rounded up to whole spans: within a span the URL of a blob is the same text, so that
 * anything between gateway and feature server can cache by it.
 */
export function createUrlSigner(options: UrlSignerOptions): UrlSigner {
  const { base, secret, clock, spanMs = DEFAULT_SPAN_MS } = options;
  const key = createSecretKey(typeof secret === 'string' ? Buffer.from(secret) : secret);
  const signatureOf = (blobId: string, tenant: string, expires: string) =>
    createHmac('sha256', key)
      .update(JSON.stringify([blobId, tenant, expires]))
      .digest();
  /** URLs of the present span: every click on an image names the same one. */
  const signed = new Map<string, string>();
  let signedFor = '';
  const pathOf = (blobId: string, tenant: Tenant, expires: string) => {
    const signature = signatureOf(blobId, tenant, expires).toString('base64url');
    const query = new URLSearchParams({ expires, tenant, signature });
    return `${paths.blob(encodeURIComponent(blobId))}?${query}`;
  };
  return {
    sign(blobId, tenant) {
      const expires = String((Math.floor(clock.now() / spanMs) + 2) * spanMs);
      if (expires !== signedFor || signed.size >= MAX_REMEMBERED) signed.clear();
      signedFor = expires;
      const key = `${tenant} ${blobId}`;
      const path = signed.get(key) ?? pathOf(blobId, tenant, expires);
      signed.set(key, path);
      return `${base().replace(/\/+$/, '')}${path}`;
    },
    verify(blobId, { expires, tenant, signature }) {
      if (!EXPIRY.test(expires) || Number(expires) <= clock.now()) return false;
      const wanted = signatureOf(blobId, tenant, expires);
      const given = Buffer.from(signature, 'base64url');
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    },
  };
}
