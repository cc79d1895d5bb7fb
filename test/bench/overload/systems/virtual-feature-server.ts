import { extentOfRle } from '../../../../src/core/rle.ts';
import type {
  CallOptions,
  FeatureServer,
  SegmentAnswer,
  SegmentCall,
} from '../../../../src/ports/feature-server.ts';
import { FeatureServerError } from '../../../../src/ports/feature-server.ts';
import { MADE } from '../stub/mask.ts';
import type { Stub } from '../stub/stub.ts';
import { VirtualConnection } from '../stub/virtual-connection.ts';

/** What the stub says in `Retry-After`. */
const RETRY_AFTER_MS = 1_000;

/** The stub, called without a network between: for gateways on a virtual clock. */
export function virtualFeatureServer(stub: Stub): FeatureServer {
  return {
    info: async () => stub.info,
    encode: () => Promise.reject(new Error('it makes no embeddings')),
    segment: (call, options) => segment(stub, call, options),
  };
}

async function segment(
  stub: Stub,
  { prompt }: SegmentCall,
  { deadlineMs, signal }: CallOptions,
): Promise<SegmentAnswer> {
  signal.throwIfAborted();
  const connection = new VirtualConnection();
  const { promise: left, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  try {
    const ending = await Promise.race([stub.serve({ prompt, deadlineMs }, connection), left]);
    if (ending === 'answer') return { ...MADE, ...extentOfRle(MADE.mask) };
    if (ending === 'busy') {
      throw new FeatureServerError('overloaded', 'busy', { retryAfterMs: RETRY_AFTER_MS });
    }
    throw new FeatureServerError('failed', ending);
  } finally {
    connection.close();
  }
}
