import { MAX_IMAGE_BYTES as EMBEDDED_MAX_IMAGE_BYTES } from '../../feature-server/image-source.ts';
import { LEASE_MARGIN_MS } from '../../gateway/work/lease-clock.ts';
import { isLoopbackHost } from './hosts.ts';
import type { Values, VariableName } from './variables.ts';

/**
 * What is wrong with values that are each right alone; a sentence each. Says nothing that rests on
 * one of the `bad` variables, in whose places `values` has the defaults.
 */
export function contradictions(values: Values, bad: ReadonlySet<VariableName>): string[] {
  const problems: string[] = [];
  const say = (of: readonly VariableName[], problem: string): void => {
    if (!of.some((name) => bad.has(name))) problems.push(problem);
  };
  for (const name of ['MASKWIRE_CALL_TIMEOUT_MS', 'MASKWIRE_ENCODE_TIMEOUT_MS'] as const) {
    if (values[name] + LEASE_MARGIN_MS > values.MASKWIRE_LEASE_MS) {
      const most = values.MASKWIRE_LEASE_MS - LEASE_MARGIN_MS;
      say(
        [name, 'MASKWIRE_LEASE_MS'],
        `${name} must be at most ${most}, ${LEASE_MARGIN_MS} ms less than MASKWIRE_LEASE_MS, not ${values[name]}.`,
      );
    }
  }
  if (!isLoopbackHost(values.HOST) && !values.MASKWIRE_INSECURE) {
    say(
      ['HOST', 'MASKWIRE_INSECURE'],
      `HOST is ${values.HOST}, beyond loopback, and there is no authentication: anyone who reaches it could use it. Set MASKWIRE_INSECURE=1 if that is intended.`,
    );
  }
  if (values.BLOB_DIR !== undefined && values.REDIS_URL === undefined) {
    say(
      ['BLOB_DIR', 'REDIS_URL'],
      'BLOB_DIR needs REDIS_URL: sessions in memory are gone after a restart, and their images would stay.',
    );
  }
  if (values.MASKWIRE_DURABILITY === 'replicated' && values.REDIS_URL === undefined) {
    say(
      ['MASKWIRE_DURABILITY', 'REDIS_URL'],
      'MASKWIRE_DURABILITY=replicated needs REDIS_URL: the memory of this process has no replica.',
    );
  }
  if (new Set(values.FEATURE_SERVER_URL).size < values.FEATURE_SERVER_URL.length) {
    say(['FEATURE_SERVER_URL'], 'FEATURE_SERVER_URL names a server twice.');
  }
  if (
    values.FEATURE_SERVER_URL.length === 0 &&
    values.MASKWIRE_MAX_IMAGE_BYTES > EMBEDDED_MAX_IMAGE_BYTES
  ) {
    say(
      ['MASKWIRE_MAX_IMAGE_BYTES', 'FEATURE_SERVER_URL'],
      `MASKWIRE_MAX_IMAGE_BYTES must be at most ${EMBEDDED_MAX_IMAGE_BYTES} with the embedded feature server, not ${values.MASKWIRE_MAX_IMAGE_BYTES}.`,
    );
  }
  return problems;
}
