import { CommandError } from './command-error.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something is listening there already; choose another PORT or stop it',
  EACCES: 'this user may not listen there; ports below 1024 need a privilege',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'no address is known for this name',
};

/** What a failure to listen means to the person who started us; other failures as they are. */
export function listenFailure(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = REASONS[code];
  if (reason === undefined) return error;
  return new CommandError(`cannot listen on ${host}:${port}: ${reason}.`, { cause: error });
}
