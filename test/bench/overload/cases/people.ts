import type { Arm } from '../arm.ts';

/** Who clicks in most cases: ten people with ten objects each. */
export const SESSIONS = 10;
export const OBJECTS_EACH = 10;

/** Numbers from `from` on. */
export const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

/** All objects of the first `sessions` sessions. */
export const objectsOf = (sessions: number): number[] => range(0, sessions * OBJECTS_EACH);

/** The ten people before one gateway. */
export const TEN_PEOPLE = {
  system: 'Maskwire',
  gateways: 1,
  sessions: SESSIONS,
  objectsEach: OBJECTS_EACH,
  env: {},
} as const satisfies Partial<Arm>;
