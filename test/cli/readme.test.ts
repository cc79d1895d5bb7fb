import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { gateway, temporaryFolder } from './harness.ts';

const README = new URL('../../README.md', import.meta.url);

/** A person would wait for the mask here: held until the click has ended (A17). */
const WAIT = `
CLICK=$(curl -s $API/sessions/$SESSION | grep -o 'clk_[A-Za-z0-9_-]*' | head -1)
curl -s -o /dev/null "$API/sessions/$SESSION/clicks/$CLICK?wait=30"
`;

/** Who types is slower than a stream opens. */
const STREAM_OPEN = `timeout 30 sh -c 'until grep -q stream.opened events.txt; do sleep 0.05; done'`;

/** The commands under "By hand", one block after the other. */
async function walkThrough(): Promise<readonly string[]> {
  const text = await readFile(README, 'utf8');
  const chapter = text.slice(text.indexOf('## By hand'), text.indexOf('## Command line'));
  return [...chapter.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
}

test('the README can be followed to the letter', async () => {
  await using folder = await temporaryFolder();
  const size = { width: 320, height: 400, channels: 3, background: '#25405a' } as const;
  const cup = { create: { ...size, width: 120, height: 160, background: '#e8b13a' } } as const;
  await sharp({ create: size })
    .composite([{ input: await sharp(cup).png().toBuffer(), left: 50, top: 220 }])
    .jpeg()
    .toFile(folder.file('photo.jpg'));
  await using running = await gateway();
  const [open = '', follow = '', click = '', look = '', atOnce = ''] = await walkThrough();
  const script = [
    open.replace('http://127.0.0.1:8787', running.url),
    follow.replace('events &', 'events > events.txt &'),
    STREAM_OPEN,
    click,
    WAIT,
    // The first command ends by itself, the second is a stream that would go on.
    look.replace('curl -sN', 'curl --max-time 1 -sN'),
    atOnce,
    'kill %1',
  ].join('\n');
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder.path });
  const answer: unknown = JSON.parse(stdout.slice(stdout.lastIndexOf('{"sessionId"')));
  expect(answer).toMatchObject({ status: 'completed' });
  expect(stdout, 'the position of the README is of another log').toContain('event: stream.reset');
  expect(await sharp(folder.file('mask.png')).metadata()).toMatchObject({
    width: 320,
    height: 400,
  });
  const events = await readFile(folder.file('events.txt'), 'utf8');
  const types = [...events.matchAll(/^event: (.*)$/gm)].map(([, type]) => type);
  expect(types).toEqual(expect.arrayContaining(['click.accepted', 'segment.completed']));
});
