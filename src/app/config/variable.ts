/** What a variable of the environment may hold, and how it is read. */
import { isAbsolute } from 'node:path';
import { isAddressRange } from '../../adapters/http/limits/client-address.ts';
import { PREFIX } from '../../adapters/redis/keys.ts';
import { nameOf, parseRedisUrl } from '../../adapters/redis/redis-url.ts';
import type { RateLimit } from '../../core/token-bucket.ts';

export interface Variable<Value> {
  /** One line of the documentation. */
  readonly about: string;
  /** Used when the variable is unset or empty, written as in the environment; `''` for none. */
  readonly fallback: string;
  /** Shown to nobody, not even when it is wrong. */
  readonly secret?: true;
  /** A right value as it may be shown, when only part of it is secret. */
  readonly shown?: (text: string) => string;
  /** @throws {@link BadValue} */
  readonly parse: (text: string) => Value;
}

/** The message completes "NAME …": `must be a whole number from 1 to 5`. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
}

/** A whole number in a range, both ends included. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new BadValue(`must be a whole number from ${min} to ${max}`);
  };
}

/** One of a few words. */
export function choice<const Words extends readonly string[]>(
  words: Words,
): (text: string) => Words[number] {
  return (text) => {
    if (words.includes(text)) return text;
    throw new BadValue(`must be ${words.map((word) => `"${word}"`).join(' or ')}`);
  };
}

/** `1` or `0`, in the ways that people write them. */
export function flag(text: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false;
  throw new BadValue('must be 1 or 0');
}

const RATE = /^(\d{1,6}(?:\.\d{1,3})?):(\d{1,7})$/;

/** `20:200` for 20 a second of which 200 may be saved up; nothing for `off`. */
export function rateLimit(text: string): RateLimit | undefined {
  if (text === 'off') return undefined;
  const [, perSecond, burst] = RATE.exec(text) ?? [];
  const limit = { perSecond: Number(perSecond), burst: Number(burst) };
  if (limit.perSecond > 0 && limit.burst >= 1) return limit;
  throw new BadValue(
    'must be "off" or <per second>:<burst>, both above 0 and the burst whole, like 20:200',
  );
}

/** Nothing when the text is empty. */
export function optional<Value>(
  parse: (text: string) => Value,
): (text: string) => Value | undefined {
  return (text) => (text === '' ? undefined : parse(text));
}

/** Entries separated by commas; blanks around them and empty ones do not count. */
export function list<Value>(parse: (text: string) => Value): (text: string) => readonly Value[] {
  return (text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .map((entry) => parse(entry));
}

/** Further apart, one tenant's turns would be more than all others can ever take between two. */
const MIN_WEIGHT = 0.01;
const MAX_WEIGHT = 100;

/** Names with numbers above 0, as `acme=2,trial=0.5`. */
export function weights(text: string): Readonly<Record<string, number>> {
  const entries = list((entry) => {
    const [, name, weight] = /^([^=\s]+)=(\d+(?:\.\d+)?)$/.exec(entry) ?? [];
    const value = Number(weight);
    if (name === undefined || !(value >= MIN_WEIGHT && value <= MAX_WEIGHT)) {
      throw new BadValue(`must be tenants with weights from ${MIN_WEIGHT} to ${MAX_WEIGHT}`);
    }
    return [name, value] as const;
  })(text);
  return Object.fromEntries(entries);
}

/** A base address, returned without a slash at the end. */
export function httpUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new BadValue('must be an http or https URL');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new BadValue('must be a URL without credentials, query or fragment');
  }
  return url.href.replace(/\/+$/, '');
}

/** An address as ioredis could be told, but without anything that would be ignored. */
export function redisUrl(text: string): string {
  try {
    parseRedisUrl(text);
  } catch (error) {
    throw new BadValue(error instanceof Error ? error.message : 'must be a URL', { cause: error });
  }
  return text;
}

/** Where Redis is, and whether somebody is named, but not who. */
export function shownRedisUrl(text: string): string {
  const address = parseRedisUrl(text);
  const isNamed = address.username !== undefined || address.password !== undefined;
  return isNamed ? nameOf(address).replace('://', '://[hidden]@') : nameOf(address);
}

export function redisPrefix(text: string): string {
  if (PREFIX.test(text)) return text;
  throw new BadValue('must be up to 64 letters, digits and . : - _');
}

/** A path that does not depend on where the process was started. */
export function folder(text: string): string {
  if (isAbsolute(text)) return text;
  throw new BadValue('must be an absolute path');
}

/** A web origin as browsers send it: scheme, host and port, nothing more. */
export function origin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.origin === text) return text;
  throw new BadValue('must be origins like https://app.example.org, without a path');
}

/** Something to listen on or to be called by: a name or an address, no URL. */
export function host(text: string): string {
  if (/^[A-Za-z0-9._-]+$/.test(text) || /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text)) return text;
  throw new BadValue('must be a host name or an address');
}

/** A host name with or without a port, as a `Host` header carries it. */
export function hostHeader(text: string): string {
  if (/^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(text)) return text;
  throw new BadValue('must be host names, with or without a port');
}

/** An IP address, or a range of them as `address/bits`. */
export function addressRange(text: string): string {
  if (isAddressRange(text)) return text;
  throw new BadValue('must be IP addresses or ranges like 10.0.0.0/8, separated by commas');
}

/** A bearer token (RFC 6750, b64token and what servers use in practice): visible ASCII, no blanks. */
export function bearer(text: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(text)) return text;
  throw new BadValue('must be visible ASCII characters without blanks');
}
