import type { ServerId, SessionId } from '../../core/ids.ts';
import type { ContentKey, ImageRegistry, Preparation } from '../../ports/image-registry.ts';
import type { RedisConnections } from './connections.ts';
import type { RedisKeys } from './keys.ts';
import type { Script, ScriptArgument } from './scripts.ts';
import { run, script } from './scripts.ts';

const IMAGES = {
  join: script<string | null>('images/join-1'),
  find: script<string | null>('images/find-1'),
  settle: script<SessionId[]>('images/settle-1'),
  lose: script<string | null>('images/lose-1'),
  leave: script<1>('images/leave-1'),
} as const;

const PREPARING: Preparation = { state: 'preparing' };

export interface ImageRegistryOptions {
  readonly connections: Pick<RedisConnections, 'commands'>;
  readonly keys: RedisKeys;
  /** Content that nobody has asked for is forgotten after this; longer than sessions live. */
  readonly lifeMs: number;
}

/** Who holds which content, and how far its preparation is, for all gateways. */
export class RedisImageRegistry implements ImageRegistry {
  readonly #options: ImageRegistryOptions;

  constructor(options: ImageRegistryOptions) {
    this.#options = options;
  }

  async join(key: ContentKey, session: SessionId, renew: boolean): Promise<Preparation> {
    const args = [session, renew ? 1 : 0, this.#options.lifeMs];
    return parsed((await this.#run(IMAGES.join, key, args)) ?? '');
  }

  async find(key: ContentKey): Promise<Preparation | undefined> {
    const state = await this.#run(IMAGES.find, key, [this.#options.lifeMs]);
    return state === null ? undefined : parsed(state);
  }

  settle(key: ContentKey, result: Preparation): Promise<readonly SessionId[]> {
    return this.#run(IMAGES.settle, key, [JSON.stringify(result), this.#options.lifeMs]);
  }

  async lose(key: ContentKey, server: ServerId, fence: string): Promise<Preparation | undefined> {
    const state = await this.#run(IMAGES.lose, key, [server, fence, this.#options.lifeMs]);
    return state === null ? undefined : parsed(state);
  }

  async leave(key: ContentKey, session: SessionId): Promise<void> {
    await this.#run(IMAGES.leave, key, [session]);
  }

  #run<Reply>(
    script: Script<Reply>,
    { tenant, imageId, reference }: ContentKey,
    args: readonly ScriptArgument[],
  ): Promise<Reply> {
    const { connections, keys } = this.#options;
    // The tenant comes last because it is the only part that may contain a blank.
    const content = keys.content(`${imageId} ${reference ?? ''} ${tenant}`);
    return run(connections.commands, script, [content], args);
  }
}

/** What `settle` of a gateway has written. */
function parsed(state: string): Preparation {
  return state === '' ? PREPARING : (JSON.parse(state) as Preparation);
}
