import { expect, it } from 'vitest';
import { eventually } from './eventually.ts';

it('asks until it is answered', async () => {
  let asked = 0;
  const ask = async () => {
    asked += 1;
    if (asked < 3) throw new Error('not yet');
    return 'the answer';
  };
  await expect(eventually('an answer', ask)).resolves.toBe('the answer');
  expect(asked).toBe(3);
});

it('says what was awaited, and why the last attempt failed', async () => {
  const cause = new Error('not yet');
  await expect(eventually('an answer', () => Promise.reject(cause), 50)).rejects.toMatchObject({
    message: 'did not happen within 50 ms: an answer (not yet)',
    cause,
  });
});

it('ends in the middle of an attempt that is not answered', async () => {
  const never = () => Promise.withResolvers<never>().promise;
  await expect(eventually('an answer', never, 50)).rejects.toThrow('an answer (no answer)');
});
