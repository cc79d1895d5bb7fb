import { clickOperations } from './click-operations.ts';
import { imageOperations } from './image-operations.ts';
import { objectOperations } from './object-operations.ts';
import type { Operation } from './operation.ts';
import { runningOperations } from './running-operations.ts';
import { sessionOperations } from './session-operations.ts';

/** Everything that the gateway answers, by operation id. */
export const OPERATIONS = {
  ...sessionOperations,
  ...imageOperations,
  ...clickOperations,
  ...objectOperations,
  ...runningOperations,
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof OPERATIONS;

/** The operations as a list, each with its id. */
export const OPERATION_LIST = Object.entries(OPERATIONS).map(
  ([id, operation]): { readonly id: OperationId; readonly operation: Operation } => ({
    id: id as OperationId,
    operation,
  }),
);
