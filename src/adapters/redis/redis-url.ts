/** Where a Redis server is, and as whom to talk to it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls: boolean;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://[[user]:password@]host[:port][/db]`, or `rediss://` for TLS.
 * @throws Error whose message says what is wrong and shows no password
 */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^rediss?:$/.test(url.protocol)) {
    throw new Error('must be a URL like redis://host:6379 or rediss://user:password@host:6379/0');
  }
  if (url.hostname === '') throw new Error('must name a host, like redis://127.0.0.1:6379');
  if (!/^(\/\d{0,4})?$/.test(url.pathname)) {
    throw new Error('must end with the number of a database or with nothing after the port');
  }
  if (url.search !== '' || url.hash !== '') throw new Error('must have no query and no fragment');
  return {
    // A literal address of version 6 comes in brackets, which sockets do not take.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    ...(url.username === '' ? {} : { username: decoded(url.username) }),
    ...(url.password === '' ? {} : { password: decoded(url.password) }),
    db: Number(url.pathname.slice(1)),
    tls: url.protocol === 'rediss:',
  };
}

/** For messages and logs: the address without user and password. */
export function nameOf({ host, port, db, tls }: RedisAddress): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${tls ? 'rediss' : 'redis'}://${shown}:${port}${db === 0 ? '' : `/${db}`}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new Error('has a user or password with a % that encodes nothing', { cause: error });
  }
}
