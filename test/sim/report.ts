import { checkCaughtUp, checkDense, checkEndings, checkReader } from './check-history.ts';
import type { SimulatedServer } from './process.ts';
import type { SimulatedUser } from './simulated-user.ts';

export interface Report {
  readonly errors: readonly string[];
  readonly clicks: number;
  readonly events: number;
  readonly calls: number;
}

/** Judges a run that has come to rest, with servers that allow so many calls each. */
export function judge(
  users: readonly SimulatedUser[],
  servers: readonly SimulatedServer[],
  limit: number,
): Report {
  const errors: string[] = [];
  for (const [index, user] of users.entries()) {
    errors.push(...checkDense(user.truth), ...checkEndings(user.truth, user.acknowledged));
    for (const [number, reader] of user.readers.entries()) {
      const name = `reader ${index}.${number}`;
      errors.push(...checkReader(name, reader.seen, user.truth));
      if (user.truth.at(-1)?.type !== 'session.closed') {
        errors.push(...checkCaughtUp(name, reader.seen, user.truth));
      }
    }
  }
  for (const { id, server } of servers) {
    if (server.mostOpen <= limit) continue;
    errors.push(`B6: ${server.mostOpen} calls open at ${id}, ${limit} allowed`);
  }
  return {
    errors,
    clicks: users.reduce((sum, user) => sum + user.acknowledged.size, 0),
    events: users.reduce((sum, user) => sum + user.truth.length, 0),
    calls: servers.reduce((sum, { server }) => sum + server.calls, 0),
  };
}
