import type { Engine } from '../../ports/engine.ts';
import type { Clock, Logger, Metrics, Random, TaskRunner } from '../../ports/system.ts';
import type { SessionWatch } from '../session-watch.ts';
import type { GatewaySettings } from '../settings.ts';
import type { FeatureServers } from './feature-servers.ts';
import type { Promises } from './promises.ts';
import type { ReadyContents } from './ready-contents.ts';
import type { ServiceMonitor } from './service-monitor.ts';
import type { TurnCost } from './turn-cost.ts';

/** What everything that works off the queue shares. */
export interface WorkContext {
  readonly engine: Engine;
  readonly servers: FeatureServers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly runner: TaskRunner;
  readonly promises: Promises;
  readonly contents: ReadyContents;
  readonly monitor: ServiceMonitor;
  readonly watch: SessionWatch;
  readonly settings: GatewaySettings;
  readonly turnCost: TurnCost;
  /** Aborted when this gateway stops and calls under way have had their time. */
  readonly giveUp: AbortSignal;
}
