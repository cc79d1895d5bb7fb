import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUrlSigner } from '../../src/adapters/feature-server/url-signer.ts';
import { tenant } from '../../src/core/ids.ts';

const SPAN = 600_000;
const ACME = tenant('acme');

function signerAt(time: { now: number }, secret = 'a secret') {
  return createUrlSigner({
    base: () => 'http://127.0.0.1:8787/',
    secret,
    clock: { now: () => time.now, after: () => ({ cancel: () => {} }) },
    spanMs: SPAN,
  });
}

function queryOf(url: string) {
  const query = new URL(url).searchParams;
  return {
    expires: query.get('expires') ?? '',
    tenant: query.get('tenant') ?? '',
    signature: query.get('signature') ?? '',
  };
}

test('B3 a signed URL is absolute, names the blob and is good for it', () => {
  const signer = signerAt({ now: 1_000 });
  const url = signer.sign('sha256-1', ACME);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8787\/v1\/blobs\/sha256-1\?expires=/);
  expect(signer.verify('sha256-1', queryOf(url))).toBe(true);
});

test('B3 it stays the same for a while, so that it can be cached by', () => {
  const time = { now: 10 * SPAN };
  const signer = signerAt(time);
  const first = signer.sign('b', ACME);
  time.now += SPAN - 1;
  expect(signer.sign('b', ACME)).toBe(first);
  expect(signer.verify('b', queryOf(first))).toBe(true);
  time.now += 1;
  expect(signer.sign('b', ACME)).not.toBe(first);
});

test('B3 whenever it is signed it lives one to two spans, and not longer', () => {
  fc.assert(
    fc.property(fc.nat(10 * SPAN), (start) => {
      const time = { now: start };
      const signer = signerAt(time);
      const query = queryOf(signer.sign('b', ACME));
      time.now = start + SPAN - 1;
      expect(signer.verify('b', query)).toBe(true);
      time.now = start + 2 * SPAN;
      expect(signer.verify('b', query)).toBe(false);
    }),
  );
});

test('B3 nothing about it can be changed', () => {
  const signer = signerAt({ now: 0 });
  const query = queryOf(signer.sign('b', ACME));
  expect(signer.verify('c', query)).toBe(false);
  expect(signer.verify('b', { ...query, tenant: 'other' })).toBe(false);
  expect(signer.verify('b', { ...query, expires: `${query.expires}0` })).toBe(false);
  expect(signer.verify('b', { ...query, signature: '' })).toBe(false);
  const other = query.signature.startsWith('A') ? 'B' : 'A';
  const forged = `${other}${query.signature.slice(1)}`;
  expect(signer.verify('b', { ...query, signature: forged })).toBe(false);
  expect(signerAt({ now: 0 }, 'another secret').verify('b', query)).toBe(false);
});

test('B3 no text that arrives as a query makes it throw', () => {
  const signer = signerAt({ now: 0 });
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (blob, expires, to, by) => {
      expect(signer.verify(blob, { expires, tenant: to, signature: by })).toBe(false);
    }),
  );
});
