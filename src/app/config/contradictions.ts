import { MAX_IMAGE_BYTES as EMBEDDED_MAX_IMAGE_BYTES } from '../../feature-server/image-source.ts';
import { LEASE_MARGIN_MS } from '../../gateway/work/lease-clock.ts';
import { isLoopbackHost } from './hosts.ts';
import type { Values } from './variables.ts';

/** What is wrong with values that are each right alone; a sentence each. */
export function contradictions(values: Values): string[] {
  const problems: string[] = [];
  for (const name of ['MASKWIRE_CALL_TIMEOUT_MS', 'MASKWIRE_ENCODE_TIMEOUT_MS'] as const) {
    if (values[name] + LEASE_MARGIN_MS > values.MASKWIRE_LEASE_MS) {
      const most = values.MASKWIRE_LEASE_MS - LEASE_MARGIN_MS;
      problems.push(
        `${name} must be at most ${most}, ${LEASE_MARGIN_MS} ms less than MASKWIRE_LEASE_MS, not ${values[name]}.`,
      );
    }
  }
  if (!isLoopbackHost(values.HOST) && !values.MASKWIRE_INSECURE) {
    problems.push(
      `HOST is ${values.HOST}, beyond loopback, and there is no authentication: anyone who reaches it could use it. Set MASKWIRE_INSECURE=1 if that is intended.`,
    );
  }
  if (values.BLOB_DIR !== undefined && values.REDIS_URL === undefined) {
    problems.push(
      'BLOB_DIR needs REDIS_URL: sessions in memory are gone after a restart, and their images would stay.',
    );
  }
  if (values.MASKWIRE_DURABILITY === 'replicated' && values.REDIS_URL === undefined) {
    problems.push(
      'MASKWIRE_DURABILITY=replicated needs REDIS_URL: the memory of this process has no replica.',
    );
  }
  if (new Set(values.FEATURE_SERVER_URL).size < values.FEATURE_SERVER_URL.length) {
    problems.push('FEATURE_SERVER_URL names a server twice.');
  }
  if (
    values.FEATURE_SERVER_URL.length === 0 &&
    values.MASKWIRE_MAX_IMAGE_BYTES > EMBEDDED_MAX_IMAGE_BYTES
  ) {
    problems.push(
      `MASKWIRE_MAX_IMAGE_BYTES must be at most ${EMBEDDED_MAX_IMAGE_BYTES} with the embedded feature server, not ${values.MASKWIRE_MAX_IMAGE_BYTES}.`,
    );
  }
  return problems;
}
