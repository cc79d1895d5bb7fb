import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisKeys } from '../../src/adapters/redis/keys.ts';
import { run } from '../../src/adapters/redis/scripts.ts';
import { systemRandom } from '../../src/adapters/system/system-random.ts';
import { sessionId } from '../../src/core/ids.ts';
import { FaultProxy } from '../chaos/fault-proxy.ts';
import { refused, within } from '../contract/support.ts';
import { eventually } from '../support/eventually.ts';
import { RedisServer } from './redis-server.ts';
import { connect, inlineScript } from './support.ts';

const UNAVAILABLE = 'storage_unavailable';
const write = inlineScript("return redis.call('SET', KEYS[1], 'x')", 1);
const ping = inlineScript<string>("return redis.call('PING').ok");

async function elapsed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

describe('redis scripts', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  it('run when the server does not know them, also after it has forgotten them', async () => {
    await using connections = await connect(server);
    const { commands } = connections;
    expect(await run(commands, ping, [], [])).toBe('PONG');
    await commands.use((client) => client.script('FLUSH'));
    expect(await run(commands, ping, [], [])).toBe('PONG');
  });

  it('are not sent with a wrong number of keys', async () => {
    await using connections = await connect(server);
    await expect(run(connections.commands, ping, ['key'], [])).rejects.toThrow(TypeError);
  });

  it('refuse with a code and its extras', async () => {
    await using connections = await connect(server);
    const refuse = inlineScript(
      `return redis.error_reply('PROBLEM ' ..
         cjson.encode({code = 'limit_reached', detail = 'No {more} images', limit = 'maxImages'}))`,
    );
    await expect(run(connections.commands, refuse, [], [])).rejects.toMatchObject({
      name: 'ProblemError',
      code: 'limit_reached',
      message: 'No {more} images',
      extras: { limit: 'maxImages' },
    });
  });

  it('that are wrong fail as mistakes, not as lost storage', async () => {
    await using connections = await connect(server);
    const wrong = run(connections.commands, inlineScript('return nothing.at.all'), [], []);
    await expect(wrong).rejects.toMatchObject({ name: 'ReplyError' });
  });

  it('find the storage full as storage_unavailable', async () => {
    await using connections = await connect(server);
    const { commands } = connections;
    await commands.use((client) => client.config('SET', 'maxmemory', '1'));
    try {
      await refused(run(commands, write, ['key'], []), 'storage_unavailable');
      await refused(
        commands.use((client) => client.set('key', 'x')),
        'storage_unavailable',
      );
    } finally {
      await commands.use((client) => client.config('SET', 'maxmemory', '0'));
    }
  });
});

describe('redis connections', () => {
  it('fail within a second when Redis is gone, and recover by themselves', async () => {
    await using server = await RedisServer.start();
    await using connections = await connect(server);
    const { commands } = connections;
    await server.stop();
    for (let n = 0; n < 3; n += 1) {
      const ms = await elapsed(() => refused(run(commands, ping, [], []), 'storage_unavailable'));
      expect(ms).toBeLessThan(1_500);
    }
    await server.resume();
    expect(await eventually('a reply', () => run(commands, ping, [], []))).toBe('PONG');
  });

  it('survive a restart that takes less than the patience of a command', async () => {
    await using server = await RedisServer.start();
    await using connections = await connect(server);
    await server.stop();
    const [reply] = await Promise.all([
      eventually('a reply', () => run(connections.commands, ping, [], [])),
      server.resume(),
    ]);
    expect(reply).toBe('PONG');
  });

  it('send a command once more whose link broke under it', async () => {
    await using server = await RedisServer.start();
    await using connections = await connect(server);
    await using other = await connect(server);
    const id = await connections.commands.use((client) => client.client('ID'));
    // Redis does nothing else meanwhile, so that the command is under way when its link is cut.
    const busy = inlineScript<string>(
      `for n = 1, 2000000 do end
       redis.call('INCR', KEYS[1])
       return redis.call('GET', KEYS[1])`,
      1,
    );
    const kill = other.commands.use((client) => client.client('KILL', 'ID', id));
    const replies = [0, 1, 2].map(() => run(connections.commands, busy, ['count'], []));
    expect(await kill).toBe(1);
    const counts = (await Promise.all(replies)).map(Number);
    // Each was carried out, and none is promised to be carried out only once, or in order.
    expect(new Set(counts).size).toBe(3);
  });

  it('give up a half-open link within 10 seconds, commands on it within one', async () => {
    await using server = await RedisServer.start();
    await using connections = await connect(server);
    const { commands } = connections;
    const ids: number[] = [];
    const id = () => commands.use((client) => client.client('ID'));
    ids.push(await id());
    const given = Promise.withResolvers<void>();
    await commands.use(async (client) => client.once('close', () => given.resolve()));
    server.freeze();
    const ms = await elapsed(() => refused(id(), 'storage_unavailable'));
    expect(ms).toBeLessThan(1_500);
    await within('the link to be given up', given.promise, 10_000);
    server.thaw();
    ids.push(await eventually('a reply', id));
    expect(ids[1]).not.toBe(ids[0]);
  });

  it('fail commands at once while a link is silent, until anything is heard', async () => {
    await using server = await RedisServer.start();
    await using connections = await connect(server);
    const { commands } = connections;
    let sent = 0;
    const count = () =>
      commands.use((client) => {
        sent += 1;
        return client.ping();
      });
    server.freeze();
    await refused(count(), 'storage_unavailable');
    for (let n = 0; n < 100; n += 1) await refused(count(), 'storage_unavailable');
    // None of them piled up on the link.
    expect(sent).toBe(1);
    server.thaw();
    expect(await eventually('a reply', count)).toBe('PONG');
  });

  it('subscribe again after a restart, and say that messages may be missing', async () => {
    await using server = await RedisServer.start();
    await using connections = await connect(server);
    const { commands, subscriber } = connections;
    const heard: string[] = [];
    const message = Promise.withResolvers<void>();
    const resumed = Promise.withResolvers<void>();
    await subscriber.subscribe('channel', {
      message: (text) => {
        heard.push(text);
        if (text === 'after') message.resolve();
      },
      resumed: resumed.resolve,
    });
    await commands.use((client) => client.spublish('channel', 'before'));
    await server.stop();
    await server.resume();
    await within('the subscription', resumed.promise, 10_000);
    await eventually('publishing', () =>
      commands.use((client) => client.spublish('channel', 'after')),
    );
    await within('the message', message.promise);
    expect(heard).toEqual(['before', 'after']);
  });

  it('give up a half-open link that only listens within 10 seconds', async () => {
    await using server = await RedisServer.start();
    await using proxy = await FaultProxy.open(server.port, systemRandom);
    await using connections = await connect({ url: `redis://127.0.0.1:${proxy.port}` });
    const resumed = Promise.withResolvers<void>();
    const listener = { message: () => undefined, resumed: resumed.resolve };
    await connections.subscriber.subscribe('channel', listener);
    const before = proxy.accepted;
    proxy.set({ blackHole: true });
    await expect.poll(() => proxy.accepted, { timeout: 10_000 }).toBeGreaterThan(before);
    proxy.set({});
    await within('the subscription', resumed.promise, 10_000);
  });

  it('leave a primary that became a replica, those that listen too', async () => {
    await using server = await RedisServer.start();
    await using other = await RedisServer.start();
    await using connections = await connect(server);
    const { commands, subscriber } = connections;
    const resumed = Promise.withResolvers<void>();
    const message = Promise.withResolvers<string>();
    await subscriber.subscribe('channel', { message: message.resolve, resumed: resumed.resolve });
    await server.command(['REPLICAOF', '127.0.0.1', other.port]);
    // Neither what is old is read there, nor anything written.
    await eventually('a refusal', () => refused(run(commands, write, ['key'], []), UNAVAILABLE));
    await refused(
      commands.use((client) => client.get('key')),
      UNAVAILABLE,
    );
    await within('the subscription', resumed.promise, 10_000);
    await server.command(['REPLICAOF', 'NO', 'ONE']);
    await eventually('a write', () => run(commands, write, ['key'], []));
    const hear = async () => {
      await commands.use((client) => client.spublish('channel', 'text'));
      await within('the message', message.promise, 100);
    };
    await expect(eventually('the message', hear)).resolves.toBeUndefined();
  });

  it('refuse a subscription while Redis is gone, and take it later', async () => {
    await using server = await RedisServer.start();
    await using connections = await connect(server);
    const { subscriber } = connections;
    const listener = { message: () => undefined, resumed: () => undefined };
    await server.stop();
    await refused(subscriber.subscribe('channel', listener), 'storage_unavailable');
    await server.resume();
    const end = await eventually('subscribing', () => subscriber.subscribe('channel', listener));
    expect(end).toBeTypeOf('function');
  });
});

describe('redis keys', () => {
  it('put what one script touches into one slot', () => {
    const keys = new RedisKeys('app');
    const session = sessionId('ses_1');
    const tag = (key: string) => /\{([^}]*)\}/.exec(key)?.[1];
    expect(tag(keys.session(session, 'log'))).toBe('ses_1');
    expect(new Set(keys.pool().map(tag))).toEqual(new Set(['pool']));
    expect(new Set(keys.blobIndex().map(tag))).toEqual(new Set(['blobs']));
    expect(new Set([...keys.pool(), ...keys.blobIndex()]).size).toBe(16);
  });

  it('take no prefix that would change the slot', () => {
    expect(() => new RedisKeys('{x}')).toThrow('prefix');
  });
});
