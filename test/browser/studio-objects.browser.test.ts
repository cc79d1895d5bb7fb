/** Several objects: history, labels, colours, export, and coming back to them. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CocoDocument } from '../../src/client/index.ts';
import { failingEngine } from './failing-engine.ts';
import { startGateway } from './gateway-process.ts';
import type { PageElement } from './page-globals.ts';
import { named, sampleSession, scene } from './sample-session.ts';
import { eventually, StudioPage } from './studio-page.ts';
import type { StudioSuite } from './studio-suite.ts';
import { GOOD, openSuite } from './studio-suite.ts';

const apple = named('apple');
const mug = named('mug');
const pear = named('pear');
const orange = named('orange');

let suite: StudioSuite;
beforeAll(async () => {
  suite = await openSuite();
});
afterAll(() => suite[Symbol.asyncDispose]());

describe('the studio', () => {
  it('A15 undoes and redoes with Z, down to nothing and back, names included', async () => {
    await using studio = await suite.openScene();
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
    await studio.page.getByTestId('label-input').fill('apple');
    await studio.page.keyboard.press('Enter');
    await studio.click(apple.click.x + 30, apple.click.y);
    await studio.settled(1, 2);
    await studio.page.keyboard.press('z');
    await studio.settled(1, 1);
    await studio.page.keyboard.press('z');
    await studio.settled(0, 0);
    await eventually(() => studio.overlap([], scene.width)).toBe(1);
    expect(await studio.page.getByTestId('undo').isDisabled()).toBe(true);
    await studio.page.keyboard.press('Shift+Z');
    await studio.settled(1, 1);
    await studio.page.getByTestId('redo').click();
    await studio.settled(1, 2);
    expect(await studio.page.getByTestId('redo').isDisabled()).toBe(true);
    await eventually(async () => (await studio.objects())[0]?.label).toBe('apple');
    expect(await studio.overlap([apple], scene.width)).toBeGreaterThan(GOOD);
  });

  it('begins the next object with N, each in its own colour', async () => {
    await using studio = await suite.openScene();
    await studio.click(apple.click.x, apple.click.y);
    await studio.page.keyboard.press('n');
    await studio.click(pear.click.x, pear.click.y);
    await studio.settled(2, 2);
    expect(await studio.overlap([apple, pear], scene.width)).toBeGreaterThan(GOOD);
    const colors = await studio.page.$$eval('[data-testid="object-item"]', (items) =>
      items.map((item) => (item as unknown as PageElement).style.getPropertyValue('--hue')),
    );
    expect(new Set(colors).size).toBe(2);
    expect((await studio.objects()).map((object) => object.selected)).toEqual([false, true]);
  });

  it('A16 removes an object and nothing else', async () => {
    await using studio = await suite.openScene();
    await studio.click(apple.click.x, apple.click.y);
    await studio.page.keyboard.press('n');
    await studio.click(pear.click.x, pear.click.y);
    await studio.settled(2, 2);
    await studio.page.getByTestId('remove-object').first().click();
    await studio.settled(1, 1);
    await eventually(() => studio.overlap([pear], scene.width)).toBeGreaterThan(GOOD);
  });

  it('A15 A16 brings a removed object back with Z: its clicks, its name, and nothing else', async () => {
    await using studio = await suite.openScene();
    await studio.click(apple.click.x, apple.click.y);
    await studio.click(apple.click.x + 30, apple.click.y);
    await studio.settled(1, 2);
    await studio.page.getByTestId('label-input').fill('apple');
    await studio.page.keyboard.press('Enter');
    await studio.page.keyboard.press('n');
    await studio.click(pear.click.x, pear.click.y);
    await studio.settled(2, 3);
    await studio.page.getByTestId('remove-object').first().click();
    await studio.settled(1, 1);
    await studio.page.keyboard.press('z');
    await studio.settled(2, 3);
    await eventually(() => studio.overlap([apple, pear], scene.width)).toBeGreaterThan(GOOD);
    await eventually(async () => (await studio.objects()).map(({ label }) => label)).toContain(
      'apple',
    );
    await studio.page.keyboard.press('z');
    await studio.settled(2, 2);
  });

  it('A7 brings everything back after a reload, also what can be redone', async () => {
    await using studio = await suite.openScene();
    await studio.click(mug.click.x, mug.click.y);
    await studio.settled(1, 1);
    await studio.page.getByTestId('label-input').fill('mug');
    await studio.page.keyboard.press('Enter');
    await studio.page.keyboard.press('n');
    await studio.click(orange.click.x, orange.click.y);
    await studio.settled(2, 2);
    await studio.page.keyboard.press('z');
    await studio.settled(1, 1);
    await studio.page.reload();
    await studio.ready();
    await studio.settled(1, 1);
    await eventually(() => studio.overlap([mug], scene.width)).toBeGreaterThan(GOOD);
    expect((await studio.objects())[0]?.label).toBe('mug');
    await studio.page.keyboard.press('Shift+Z');
    await studio.settled(2, 2);
    await eventually(() => studio.overlap([mug, orange], scene.width)).toBeGreaterThan(GOOD);
  });

  it('finds the way back to the last session from the start page', async () => {
    await using studio = await suite.openScene();
    await studio.click(orange.click.x, orange.click.y);
    await studio.settled(1, 1);
    await studio.page.getByRole('link', { name: 'Maskwire' }).click();
    await studio.page.getByTestId('use-sample').waitFor();
    expect(new URL(studio.page.url()).hash).toBe('');
    await studio.page.getByTestId('resume').click();
    await studio.ready();
    await studio.settled(1, 1);
    await eventually(() => studio.overlap([orange], scene.width)).toBeGreaterThan(GOOD);
  });

  it('A16 exports all masks as COCO and one as PNG', async () => {
    await using studio = await suite.openScene();
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
    await studio.page.getByTestId('label-input').fill('fruit');
    await studio.page.keyboard.press('Enter');
    await eventually(async () => (await studio.objects())[0]?.label).toBe('fruit');
    const [file] = await Promise.all([
      studio.page.waitForEvent('download'),
      studio.page.getByTestId('mask-png').click(),
    ]);
    const { data, info } = await sharp(await file.path())
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([scene.width, scene.height]);
    expect(data[(apple.click.y * scene.width + apple.click.x) * info.channels]).toBe(255);
    const [document] = await Promise.all([
      studio.page.waitForEvent('download'),
      studio.page.getByTestId('export-coco').click(),
    ]);
    const coco = JSON.parse(await readFile(await document.path(), 'utf8')) as CocoDocument;
    expect(coco.categories.map((category) => category.name)).toEqual(['fruit']);
    expect(coco.annotations).toHaveLength(1);
    expect(coco.annotations[0]?.segmentation.size).toEqual([scene.height, scene.width]);
  });

  it('A16 says that an object failed, and tries it again', async () => {
    await using engine = await failingEngine();
    await using broken = await startGateway({ env: { FEATURE_SERVER_URL: engine.url } });
    const { sessionId } = await sampleSession(broken.url);
    await using studio = await StudioPage.open(suite.browser, `${broken.url}/#${sessionId}`);
    await studio.ready();
    await studio.click(apple.click.x, apple.click.y);
    await studio.page.waitForSelector('[data-testid="object-item"][data-status="failed"]');
    await studio.page.getByTestId('toast').waitFor();
    engine.answerWith(apple.mask, scene);
    await studio.page.getByTestId('retry').click();
    await studio.settled(1, 1);
    // Exactly the engine's mask, but for the outline, which is as wide inside as outside.
    await eventually(() => studio.overlap([apple], scene.width)).toBeGreaterThan(0.9);
  });
});
