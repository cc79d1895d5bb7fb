import { describe, expect, it } from 'vitest';
import { redisNode } from '../../src/adapters/redis/redis-node.ts';
import { nameOf, parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';

describe('redis addresses', () => {
  const none = { masterName: '', db: 0, tls: false, sentinelUser: {} };

  it('A33 are read whole', () => {
    expect(parseRedisUrl('redis://localhost')).toEqual({
      ...none,
      kind: 'standalone',
      nodes: [redisNode('localhost', 6379)],
    });
    expect(parseRedisUrl('rediss://me:p%40ss@[::1]:7000/3')).toEqual({
      ...none,
      kind: 'standalone',
      nodes: [redisNode('::1', 7000)],
      username: 'me',
      password: 'p@ss',
      db: 3,
      tls: true,
    });
  });

  it('A33 name Sentinels and the primary, with users of either', () => {
    expect(parseRedisUrl('redis+sentinel://a,b:7000/mymaster')).toEqual({
      ...none,
      kind: 'sentinel',
      nodes: [redisNode('a', 26_379), redisNode('b', 7000)],
      masterName: 'mymaster',
    });
    const url =
      'rediss+sentinel://:d%2Fta@[::1]:1,a:2/my%20one/4?sentinelUser=s&sentinelPassword=a+b';
    expect(parseRedisUrl(url)).toEqual({
      kind: 'sentinel',
      nodes: [redisNode('::1', 1), redisNode('a', 2)],
      password: 'd/ta',
      masterName: 'my one',
      db: 4,
      tls: true,
      sentinelUser: { username: 's', password: 'a+b' },
    });
  });

  it('A33 name nodes of a cluster, in two ways', () => {
    const cluster = {
      ...none,
      kind: 'cluster',
      nodes: [redisNode('a', 1), redisNode('b', 6379)],
      username: 'me',
      password: 'p,w',
    };
    expect(parseRedisUrl('redis+cluster://me:p,w@a:1,b')).toEqual(cluster);
    expect(parseRedisUrl('redis://me:p,w@a:1,redis://b')).toEqual(cluster);
    expect(parseRedisUrl('redis://me:p,w@a:1, redis://me:p,w@b/0')).toEqual(cluster);
    expect(parseRedisUrl('rediss+cluster://a/').tls).toBe(true);
  });

  it.each([
    ['rediss://me:secret@[::1]:7000/3', 'rediss://[::1]:7000/3'],
    [
      'redis+sentinel://:secret@a,b:1/m/2?sentinelPassword=secret',
      'redis+sentinel://a:26379,b:1/m/2',
    ],
    ['redis://:secret@a,redis://b', 'redis+cluster://a:6379,b:6379'],
  ])('are shown without user and password: %s', (text, name) => {
    expect(nameOf(parseRedisUrl(text))).toBe(name);
  });

  it.each([
    ['', /like redis:/],
    ['localhost:6379', /like redis:/],
    ['http://:secret@x', /like redis:/],
    ['redis+sentinels://x/y', /like redis:/],
    ['redis://', /name a host/],
    ['redis://:secret@', /name a host/],
    ['redis://x:0', /ports up to/],
    ['redis://x:99999', /ports up to/],
    ['redis://x/a', /number of a database/],
    ['redis://x?secret', /no query/],
    ['redis://x#secret', /like redis:/],
    ['redis://:%secret@x', /encodes nothing/],
    ['redis://:secret@x,y', /redis\+cluster/],
    ['redis+cluster://x/1', /only database 0/],
    ['redis+cluster://x?a=secret', /no query/],
    ['redis+cluster://x,,y', /name a host/],
    ['redis+sentinel://:secret@x', /name the primary/],
    ['redis+sentinel://x/', /name the primary/],
    ['redis+sentinel://x/m/n', /name the primary/],
    ['redis+sentinel://x/m?password=secret', /sentinelPassword/],
    ['redis://:secret@x,rediss://y', /one cluster/],
    ['redis://:secret@x,redis://:other@y', /one cluster/],
    ['redis://x/1,redis://y', /one cluster/],
    ['redis+cluster://x,redis://y', /one cluster/],
  ])('A33 refuse %j, saying why and showing no secret', (text, why) => {
    const read = () => parseRedisUrl(text);
    expect(read).toThrow(why);
    expect(read).toThrow(/^(must|has) /);
    expect(read).not.toThrow(/secret/);
  });
});
