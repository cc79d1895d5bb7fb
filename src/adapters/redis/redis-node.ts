/** A server, by the name or address under which it is reached. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
  /** `host:port`, by which servers are told apart. */
  readonly name: string;
}

export function redisNode(host: string, port: number): RedisNode {
  return { host, port, name: `${host.includes(':') ? `[${host}]` : host}:${port}` };
}
