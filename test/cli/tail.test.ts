import { expect, test } from 'vitest';
import { background, gateway, maskwire } from './harness.ts';

test('A18 tail follows a session from its first event to its last', async () => {
  await using running = await gateway();
  const created = await fetch(`${running.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'a desk' }),
  });
  const { sessionId } = (await created.json()) as { sessionId: string };
  await using tail = background(['tail', sessionId, '--url', running.url, '--after', 'start']);
  expect(await tail.line(/session\.opened/)).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {5}1 .*name=a desk$/);
  await fetch(`${running.url}/v1/sessions/${sessionId}`, { method: 'DELETE' });
  expect(await tail.line(/session\.closed/)).toMatch(/reason=deleted$/);
  expect(await tail.ended).toEqual({ code: 0, signal: null });
});

test('A19 tail --json prints every frame as it came', async () => {
  await using running = await gateway();
  const created = await fetch(`${running.url}/v1/sessions`, { method: 'POST' });
  const { sessionId } = (await created.json()) as { sessionId: string };
  await using tail = background(['tail', sessionId, '--url', running.url, '--json']);
  expect(JSON.parse(await tail.line(/session\.snapshot/))).toMatchObject({
    type: 'session.snapshot',
    payload: { sessionId, images: [], objects: [] },
  });
  tail.child.kill('SIGINT');
  await tail.ended;
  const gone = await maskwire(['tail', 'ses_none', '--url', running.url]);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toMatch(/^maskwire: .*no such session.*\n$/i);
});
