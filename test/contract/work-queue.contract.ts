import type { OpenEngine } from './support.ts';
import { deadlinesContract } from './work-queue/deadlines.ts';
import { doorbellContract } from './work-queue/doorbell.ts';
import { leasesContract } from './work-queue/leases.ts';
import { limitContract } from './work-queue/limit.ts';
import { orderContract } from './work-queue/order.ts';
import { preparationsContract } from './work-queue/preparations.ts';
import { retriesContract } from './work-queue/retries.ts';

/** What every engine's `WorkQueue` holds: L5, the fair order, and the ceiling. */
export function workQueueContract(engineName: string, open: OpenEngine): void {
  orderContract(engineName, open);
  preparationsContract(engineName, open);
  leasesContract(engineName, open);
  retriesContract(engineName, open);
  limitContract(engineName, open);
  deadlinesContract(engineName, open);
  doorbellContract(engineName, open);
}
