import type { RedisNode } from './redis-node.ts';
import { redisNode } from './redis-node.ts';

/** As whom to talk to a server. */
export interface RedisUser {
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is, and as whom to talk to it. */
export interface RedisAddress extends RedisUser {
  /** `nodes` are: the one server; Sentinels, which know where the primary is; some of a cluster. */
  readonly kind: 'standalone' | 'sentinel' | 'cluster';
  readonly nodes: readonly [RedisNode, ...RedisNode[]];
  readonly tls: boolean;
  readonly db: number;
  /** Under which the Sentinels know the primary; `''` without Sentinels. */
  readonly masterName: string;
  /** As whom to talk to the Sentinels. */
  readonly sentinelUser: RedisUser;
}

const PORTS = { standalone: 6379, sentinel: 26_379, cluster: 6379 } as const;
const SHAPE =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#@]*)([^?#]*)(\?[^#]*)?$/;
const EXAMPLES =
  'redis://host:6379, redis+sentinel://host:26379,host:26379/name or redis+cluster://host:6379,host:6379 (rediss for TLS)';

/**
 * Reads
 * - `redis://[[user]:password@]host[:port][/db]`, one server;
 * - `redis+sentinel://[[user]:password@]host[:port],…/name[/db][?sentinelUser=…&sentinelPassword=…]`,
 *   the primary that Sentinels know by that name; user and password before the `@` are Redis's;
 * - `redis+cluster://[[user]:password@]host[:port],…`, or several `redis://` with commas between;
 * and the same with `rediss` for TLS.
 * @throws Error whose message says what is wrong and shows no password
 */
export function parseRedisUrl(text: string): RedisAddress {
  const urls = text.split(/,\s*(?=rediss?:\/\/)/);
  if (urls.length === 1) return parseOne(text);
  const [first, ...others] = urls.map(parseOne);
  const mixed = others.some(
    ({ kind, tls, db, username = first?.username, password = first?.password }) =>
      [kind, tls, db, username, password].join('\n') !==
      ['standalone', first?.tls, 0, first?.username, first?.password].join('\n'),
  );
  if (first === undefined || mixed || first.kind !== 'standalone' || first.db !== 0) {
    throw new Error(
      'must list servers of one cluster, all with the same scheme, user and password',
    );
  }
  const [node] = first.nodes;
  return { ...first, kind: 'cluster', nodes: [node, ...others.flatMap(({ nodes }) => nodes)] };
}

/** For messages and logs: the address without user and password. */
export function nameOf({ kind, nodes, masterName, db, tls }: RedisAddress): string {
  const scheme = `${tls ? 'rediss' : 'redis'}${kind === 'standalone' ? '' : `+${kind}`}`;
  const path = [masterName, db === 0 ? '' : String(db)].filter((part) => part !== '');
  return [`${scheme}://${nodes.map(({ name }) => name).join()}`, ...path].join('/');
}

/** What connections to any of its servers need besides the server's name. */
export function accessTo({ username, password, tls, db }: RedisAddress) {
  return { user: user(username, password), tls, db };
}

function parseOne(text: string): RedisAddress {
  const [, scheme, kind = 'standalone', userInfo = '', hosts = '', path = '', query = ''] =
    SHAPE.exec(text) ?? [];
  if (scheme === undefined || !isKind(kind)) throw new Error(`must be a URL like ${EXAMPLES}`);
  const [node, ...others] = hosts.split(',').map((host) => parseNode(host.trim(), PORTS[kind]));
  if (node === undefined || (kind === 'standalone' && others.length > 0)) {
    throw new Error(
      'must name one server, or be redis+cluster:// or redis+sentinel:// for several',
    );
  }
  const [, username = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userInfo) ?? [];
  return {
    kind,
    nodes: [node, ...others],
    tls: scheme === 'rediss',
    ...user(decoded(username), decoded(password)),
    ...parsePath(kind, path),
    sentinelUser: parseQuery(kind, query),
  };
}

const isKind = (kind: string): kind is RedisAddress['kind'] => kind in PORTS;

function parseNode(text: string, defaultPort: number): RedisNode {
  const [, name = '', port] = /^(\[[\da-fA-F:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (name === '') throw new Error('must name a host, like redis://127.0.0.1:6379');
  if (Number(port) === 0 || Number(port) > 65_535) throw new Error('must have ports up to 65535');
  // A literal address of version 6 comes in brackets, which sockets do not take.
  const host = decoded(name.replace(/^\[(.*)\]$/, '$1'));
  return redisNode(host, port === undefined ? defaultPort : Number(port));
}

function parsePath(kind: RedisAddress['kind'], path: string) {
  if (kind === 'cluster') {
    if (!/^(\/0?)?$/.test(path))
      throw new Error('must end after the hosts: a cluster has only database 0');
    return { masterName: '', db: 0 };
  }
  const shape = kind === 'sentinel' ? /^\/([^/]+)(?:\/(\d{0,4}))?$/ : /^()(?:\/(\d{0,4}))?$/;
  const [found, name = '', db] = shape.exec(path) ?? [];
  if (found !== undefined) return { masterName: decoded(name), db: Number(db ?? 0) };
  throw new Error(
    kind === 'sentinel'
      ? 'must name the primary after the Sentinels, as in redis+sentinel://host:26379/mymaster'
      : 'must end with the number of a database or with nothing after the port',
  );
}

function parseQuery(kind: RedisAddress['kind'], query: string): RedisUser {
  const given = { sentinelUser: '', sentinelPassword: '' };
  for (const pair of query.slice(1).split('&')) {
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    if (name === '' && query.length < 2) continue;
    if (kind !== 'sentinel') throw new Error('must have no query');
    if (name !== 'sentinelUser' && name !== 'sentinelPassword') {
      throw new Error('must have no query but sentinelUser and sentinelPassword');
    }
    given[name] = value;
  }
  return user(decoded(given.sentinelUser), decoded(given.sentinelPassword));
}

function user(username = '', password = ''): RedisUser {
  return { ...(username && { username }), ...(password && { password }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new Error('has a user or password with a % that encodes nothing', { cause: error });
  }
}
