/**
 * When a caller is told that something was done: when the primary has it in its memory, or when a
 * replica has it, too.
 */
export const DURABILITIES = ['memory', 'replicated'] as const;
export type Durability = (typeof DURABILITIES)[number];
