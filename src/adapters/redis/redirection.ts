import type { Redis } from 'ioredis';
import { isReply } from './failure.ts';
import type { RedisNode } from './redis-node.ts';
import { redisNode } from './redis-node.ts';

/** Redis 7.0 puts a command's error into a script's by its code, with or without words before it. */
const CHANGING_OVER = /^(ERR )?-?(READONLY|CLUSTERDOWN|MASTERDOWN|LOADING)\b/;

/** What a cluster says instead of an answer. The command was not carried out. */
export interface Redirection {
  /** `moved`: from now on there. `ask`: this once, since the slot is on its way there. */
  readonly kind: 'moved' | 'ask';
  readonly slot: number;
  readonly node: RedisNode;
}

/** `asked` is who said so: it leaves its name out when it does not know it. */
export function redirectionOf(error: unknown, asked: RedisNode): Redirection | undefined {
  if (!isReply(error)) return undefined;
  const [, kind, slot, host = '', port] =
    /^(MOVED|ASK) (\d+) (.*):(\d+)$/.exec(error.message) ?? [];
  if (kind === undefined) return undefined;
  const node = redisNode(host === '' || host === '?' ? asked.host : host, Number(port));
  return { kind: kind === 'MOVED' ? 'moved' : 'ask', slot: Number(slot), node };
}

/** Some of the keys have been moved to another server and some have not: it will be over soon. */
export function isMovingNow(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('TRYAGAIN');
}

/** The server does not take commands of this kind, or none: another one may have its place. */
export function isChangingOver(error: unknown): boolean {
  return isReply(error) && CHANGING_OVER.test(error.message);
}

/** The same client, each command of which may be about a slot that is only on its way there. */
export function asking(client: Redis): Redis {
  return new Proxy(client, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        target.asking().catch(() => undefined);
        return member.apply(target, args) as unknown;
      };
    },
  });
}
