import { ONLY_SERVER } from '../../src/core/burst/server-set.ts';
import type { ServerId } from '../../src/core/ids.ts';
import { serverId } from '../../src/core/ids.ts';
import type { GatewaySettings } from '../../src/gateway/settings.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import type { Faults } from './faulty-feature-server.ts';
import type { SeededRandom } from './seeded-random.ts';

const SERVERS = [ONLY_SERVER, serverId('second'), serverId('third')];

/** What a seed decides before anything happens. */
export interface Conditions {
  readonly settings: GatewaySettings;
  /** The calls that each feature server may have open. */
  readonly limit: number;
  /** Gateways die and stall; otherwise the sweep is switched off, since nothing may need it. */
  readonly mortal: boolean;
  readonly servers: readonly ServerId[];
  readonly faults: Faults;
}

export function drawConditions(random: SeededRandom): Conditions {
  const settings = {
    ...DEFAULT_SETTINGS,
    historyEvents: random.chance(0.3) ? random.between(3, 12) : 1_000,
    heartbeatMs: 2_000,
    stallMs: 3_000,
    leaseMs: 4_000,
    callTimeoutMs: 2_500,
    encodeTimeoutMs: 2_500,
    maxWaitMs: random.chance(0.3) ? 800 : 60_000,
  };
  const limit = random.between(1, 4);
  const mortal = random.chance(0.7);
  const servers = SERVERS.slice(0, random.chance(0.5) ? 1 : random.between(2, 3));
  return { settings, limit, mortal, servers, faults: drawFaults(random) };
}

function drawFaults(random: SeededRandom): Faults {
  const some = (most: number) => (random.chance(0.4) ? random.uniform() * most : 0);
  return {
    hang: some(0.2),
    fail: some(0.5),
    late: some(0.3),
    busy: some(0.3),
    forget: some(0.2),
    reject: some(0.1),
    busyPhases: some(0.5),
    slowPhases: some(0.5),
  };
}
