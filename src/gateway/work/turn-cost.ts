import { TURN_COST } from '../../core/fair-queue/item.ts';
import type { Tenant } from '../../core/ids.ts';

/** What a turn costs a session of the tenant. */
export type TurnCost = (tenant: Tenant) => number;

/** By weights; a tenant without one has weight 1. */
export function turnCosts(weights: Readonly<Record<string, number>>): TurnCost {
  const costs = new Map(
    Object.entries(weights).map(([name, weight]) => {
      return [name, Math.max(1, Math.round(TURN_COST / weight))];
    }),
  );
  return (tenant) => costs.get(tenant) ?? TURN_COST;
}
