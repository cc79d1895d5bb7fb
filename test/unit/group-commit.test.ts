import { describe, expect, test } from 'vitest';
import { GroupCommit } from '../../src/adapters/redis/group-commit.ts';
import { refused } from '../contract/support.ts';

/** A group whose commits end when a test says so. */
function setUp() {
  const commits: { readonly key: string; end(is: boolean | Error): void }[] = [];
  const idle: number[] = [];
  const group = new GroupCommit({
    isCommitted: (key) => {
      const { promise, resolve, reject } = Promise.withResolvers<boolean>();
      const end = (is: boolean | Error) => (is instanceof Error ? reject(is) : resolve(is));
      commits.push({ key, end });
      return promise;
    },
    onIdle: () => idle.push(commits.length),
  });
  /** The commit of this number, as soon as it has begun. */
  const commit = async (n: number) => {
    await expect.poll(() => commits.length).toBeGreaterThan(n);
    return commits[n] as (typeof commits)[number];
  };
  return { group, commits, commit, idle };
}

describe('L14 group commit', () => {
  test('one goes at once, all who come meanwhile share the next', async () => {
    const { group, commits, commit, idle } = setUp();
    const first = group.confirm('a');
    const others = ['b', 'c', 'd'].map((key) => group.confirm(key));
    (await commit(0)).end(true);
    await first;
    (await commit(1)).end(true);
    await Promise.all(others);
    expect(commits.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(idle).toEqual([2]);
  });

  test('a commit that fails fails for all who waited for it, and for nobody else', async () => {
    const { group, commit } = setUp();
    const first = group.confirm('a');
    const others = Promise.allSettled([group.confirm('b'), group.confirm('c')]);
    (await commit(0)).end(true);
    await first;
    const error = new Error('no replica');
    const second = await commit(1);
    const late = group.confirm('d');
    second.end(error);
    expect((await others).map((outcome) => 'reason' in outcome && outcome.reason)).toEqual([
      error,
      error,
    ]);
    (await commit(2)).end(true);
    await expect(late).resolves.toBeUndefined();
  });

  test('a key that leads elsewhere is refused, and the others are asked for by another', async () => {
    const { group, commits, commit } = setUp();
    const first = group.confirm('a');
    const moved = group.confirm('b');
    const others = [group.confirm('c'), group.confirm('d')];
    (await commit(0)).end(true);
    await first;
    (await commit(1)).end(false);
    await refused(moved, 'storage_unavailable');
    (await commit(2)).end(true);
    await Promise.all(others);
    expect(commits.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  });

  test('after a change of primary all are refused after the second look', async () => {
    const { group, commits, commit } = setUp();
    const first = group.confirm('a');
    const all = ['b', 'c', 'd', 'e'].map((key) => group.confirm(key));
    (await commit(0)).end(true);
    await first;
    const outcomes = Promise.allSettled(all);
    (await commit(1)).end(false);
    (await commit(2)).end(false);
    expect((await outcomes).map(({ status }) => status)).toEqual(all.map(() => 'rejected'));
    expect(commits).toHaveLength(3);
  });
});
