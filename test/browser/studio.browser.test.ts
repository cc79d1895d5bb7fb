import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CocoDocument } from '../../src/client/index.ts';
import { failingEngine } from './failing-engine.ts';
import type { GatewayProcess } from './gateway-process.ts';
import { startGateway } from './gateway-process.ts';
import type { DropGlobals, PageElement, PageGlobals } from './page-globals.ts';
import { named, sampleSession, scene } from './sample-session.ts';
import { eventually, launch, StudioPage } from './studio-page.ts';

const apple = named('apple');
const mug = named('mug');
const pear = named('pear');
const orange = named('orange');
const GOOD = 0.7;
const DISC =
  '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="400"><rect width="640" height="400" fill="#d8d2c4"/><circle cx="380" cy="190" r="110" fill="#1f5fa8"/></svg>';

/** Runs in the page: drops a PNG on it. */
function dropInPage(base64: string): void {
  const { DataTransfer, DragEvent, File, dispatchEvent } = globalThis as unknown as DropGlobals;
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], 'disc.png', { type: 'image/png' }));
  dispatchEvent(new DragEvent('drop', { dataTransfer }));
}

let gateway: GatewayProcess;
let browser: Browser;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startGateway(), launch()]);
});

afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

/** The studio with the sample scene on its stage. */
async function openScene(options: BrowserContextOptions = {}): Promise<StudioPage> {
  const { sessionId } = await sampleSession(gateway.url);
  const studio = await StudioPage.open(browser, `${gateway.url}/#${sessionId}`, options);
  await studio.ready();
  return studio;
}

describe('the studio', () => {
  it('goes from the start page to a mask that fits, in two clicks', async () => {
    await using studio = await StudioPage.open(browser, gateway.url);
    await studio.page.getByTestId('use-sample').click();
    await studio.ready();
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
    expect(await studio.overlap([apple], scene.width)).toBeGreaterThan(GOOD);
    expect(await studio.isPainted(orange.click.x, orange.click.y)).toBe(false);
    expect(await studio.page.getByTestId('last-time').textContent()).toMatch(/^\d+ ms$/);
    expect(studio.failures).toEqual([]);
  });

  it('shows a click before the gateway has answered it', async () => {
    await using studio = await openScene();
    const answer = Promise.withResolvers<void>();
    await studio.page.route('**/clicks', async (route) => {
      await answer.promise;
      await route.continue();
    });
    await studio.click(pear.click.x, pear.click.y);
    await studio.page.waitForSelector('[data-testid="object-item"][data-status="sending"]');
    expect(await studio.isPainted(pear.click.x, pear.click.y)).toBe(true);
    answer.resolve();
    await studio.settled(1, 1);
    expect(await studio.overlap([pear], scene.width)).toBeGreaterThan(GOOD);
  });

  it('A12 takes away what is clicked with the right button', async () => {
    await using studio = await openScene();
    const hole = { x: 464, y: 424 };
    await studio.click(mug.click.x, mug.click.y);
    await studio.settled(1, 1);
    await studio.click(hole.x, hole.y, 'right');
    await studio.settled(1, 2);
    await studio.page.getByTestId('next-object').click();
    // The dot itself is painted; beside it, nothing is.
    await eventually(() => studio.isPainted(hole.x, hole.y + 16)).toBe(false);
    expect(await studio.overlap([mug], scene.width)).toBeGreaterThan(GOOD);
  });

  it('A12 outlines what a box is dragged around', async () => {
    await using studio = await openScene();
    await studio.drag(690, 420, 874, 604);
    await studio.settled(1, 1);
    await studio.page.getByTestId('next-object').click();
    await eventually(() => studio.overlap([orange], scene.width)).toBeGreaterThan(GOOD);
  });

  it('A15 undoes and redoes with Z, down to nothing and back, names included', async () => {
    await using studio = await openScene();
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
    await using studio = await openScene();
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
    await using studio = await openScene();
    await studio.click(apple.click.x, apple.click.y);
    await studio.page.keyboard.press('n');
    await studio.click(pear.click.x, pear.click.y);
    await studio.settled(2, 2);
    await studio.page.getByTestId('remove-object').first().click();
    await studio.settled(1, 1);
    await eventually(() => studio.overlap([pear], scene.width)).toBeGreaterThan(GOOD);
  });

  it('A7 brings everything back after a reload, also what can be redone', async () => {
    await using studio = await openScene();
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
    await using studio = await openScene();
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

  it('A12 takes away with Alt as with the right button, never from nothing', async () => {
    await using studio = await openScene();
    await studio.page.keyboard.down('Alt');
    await studio.click(mug.click.x, mug.click.y);
    await studio.page.getByTestId('toast').waitFor();
    expect(await studio.objects()).toEqual([]);
    await studio.page.keyboard.up('Alt');
    await studio.click(mug.click.x, mug.click.y);
    await studio.settled(1, 1);
    await studio.page.keyboard.down('Alt');
    await studio.click(464, 424);
    await studio.page.keyboard.up('Alt');
    await studio.settled(1, 2);
    await studio.page.getByTestId('next-object').click();
    await eventually(() => studio.isPainted(464, 440)).toBe(false);
  });

  it('can be used with the keyboard alone', async () => {
    await using studio = await openScene();
    const aim = () => studio.page.getAttribute('[data-testid="canvas"]', 'data-crosshair');
    const moveUntil = async (key: string, there: (x: number, y: number) => boolean) => {
      for (let presses = 0; presses < 200; presses += 1) {
        const [x, y] = ((await aim()) ?? '').split(',').map(Number);
        if (x !== undefined && y !== undefined && there(x, y)) return;
        const before = await aim();
        await studio.page.keyboard.press(key);
        await studio.page.waitForFunction((old) => {
          const { document } = globalThis as unknown as PageGlobals;
          const canvas = document.querySelector('[data-testid="canvas"]');
          return canvas?.getAttribute('data-crosshair') !== old;
        }, before);
      }
      throw new Error(`${key} does not lead there`);
    };
    await studio.page.locator('#pad').focus();
    await moveUntil('ArrowRight', (x) => x >= pear.click.x);
    await moveUntil('ArrowDown', (_, y) => y >= pear.click.y);
    await studio.page.keyboard.press('Enter');
    await studio.settled(1, 1);
    expect(await studio.overlap([pear], scene.width)).toBeGreaterThan(GOOD);
    await moveUntil('ArrowDown', (_, y) => y >= 540);
    await studio.page.keyboard.press('Delete');
    await studio.settled(1, 2);
  });

  it('zooms with the wheel about the pointer, moves with space, and fits with 0', async () => {
    await using studio = await openScene();
    const fitted = await studio.place(0, 0);
    const before = await studio.place(pear.click.x, pear.click.y);
    await studio.page.mouse.move(before.x, before.y);
    await studio.page.mouse.wheel(0, -500);
    await eventually(async () => (await studio.place(0, 0)).x).toBeLessThan(fitted.x - 50);
    const under = await studio.place(pear.click.x, pear.click.y);
    // Chromium gives the wheel whole pixels.
    expect(Math.hypot(under.x - before.x, under.y - before.y)).toBeLessThan(3);
    await studio.page.keyboard.down(' ');
    await studio.page.mouse.down();
    await studio.page.mouse.move(before.x + 40, before.y + 30);
    await studio.page.mouse.up();
    await studio.page.keyboard.up(' ');
    await eventually(async () => {
      const moved = await studio.place(pear.click.x, pear.click.y);
      return [Math.round(moved.x - under.x), Math.round(moved.y - under.y)];
    }).toEqual([40, 30]);
    await studio.page.keyboard.press('0');
    await eventually(() => studio.place(0, 0)).toEqual(fitted);
    // Moving the photo was no click.
    expect(await studio.objects()).toEqual([]);
  });

  it('keeps the objects of each photo apart', async () => {
    await using studio = await openScene();
    await studio.click(apple.click.x, apple.click.y);
    await studio.settled(1, 1);
    const buffer = await sharp(Buffer.from(DISC)).png().toBuffer();
    await studio.page
      .getByTestId('file-input')
      .setInputFiles({ name: 'disc.png', mimeType: 'image/png', buffer });
    await studio.settled(0, 0);
    await studio.page.waitForSelector('[data-testid="canvas"][data-image-width="640"]');
    await studio.ready();
    await studio.click(380, 190);
    await studio.settled(1, 1);
    await studio.page.getByTestId('strip').getByRole('button', { name: 'Show scene.jpg' }).click();
    await studio.page.waitForSelector('[data-testid="canvas"][data-image-width="1024"]');
    await eventually(() => studio.overlap([apple], scene.width)).toBeGreaterThan(GOOD);
  });

  it('takes a photo that is dropped on it', async () => {
    await using studio = await StudioPage.open(browser, gateway.url);
    const bytes = await sharp(Buffer.from(DISC)).png().toBuffer();
    await studio.page.evaluate(dropInPage, bytes.toString('base64'));
    await studio.ready();
    await studio.click(380, 190);
    await studio.settled(1, 1);
    expect(await studio.isPainted(300, 190)).toBe(true);
  });

  it('A9 takes a photo from the file dialog', async () => {
    await using studio = await StudioPage.open(browser, gateway.url);
    const buffer = await sharp(Buffer.from(DISC)).jpeg({ quality: 92 }).toBuffer();
    await studio.page
      .getByTestId('file-input')
      .setInputFiles({ name: 'disc.jpg', mimeType: 'image/jpeg', buffer });
    await studio.ready();
    await studio.click(380, 190);
    await studio.settled(1, 1);
    const mask = Uint8Array.from({ length: 640 * 400 }, (_, at) =>
      Math.hypot((at % 640) - 380, Math.floor(at / 640) - 190) < 110 ? 1 : 0,
    );
    const circle = { name: 'disc', mask, click: { x: 380, y: 190 } };
    expect(await studio.overlap([circle], 640)).toBeGreaterThan(GOOD);
  });

  it('takes clicks on a photo that is still being sent', async () => {
    const sending = Promise.withResolvers<void>();
    await using studio = await StudioPage.open(browser, gateway.url, {}, (page) =>
      page.route('**/v1/sessions/*/images', async (route) => {
        await sending.promise;
        await route.continue();
      }),
    );
    const buffer = await sharp(Buffer.from(DISC)).jpeg({ quality: 92 }).toBuffer();
    await studio.page
      .getByTestId('file-input')
      .setInputFiles({ name: 'disc.jpg', mimeType: 'image/jpeg', buffer });
    await studio.page.waitForSelector('[data-testid="canvas"][data-image-width="640"]');
    await studio.click(380, 190);
    await studio.click(560, 60, 'right');
    sending.resolve();
    await studio.settled(1, 2);
    expect(await studio.isPainted(300, 190)).toBe(true);
    // The dot of the right click itself is painted there, and nothing around it.
    expect(await studio.isPainted(600, 100)).toBe(false);
  });

  it('says what is wrong with a file that is no picture, and stays where it was', async () => {
    await using studio = await StudioPage.open(browser, gateway.url);
    await studio.page
      .getByTestId('file-input')
      .setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await studio.page.getByTestId('toast').waitFor();
    expect(await studio.page.getByTestId('toast').textContent()).toContain('not a picture');
    expect(await studio.page.getByTestId('use-sample').isVisible()).toBe(true);
  });

  it('A2 takes a refused click back and says why in the words of the gateway', async () => {
    await using studio = await openScene();
    await studio.page.route('**/clicks', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        json: { code: 'limit_reached', detail: 'There are 10 objects already.', retryable: false },
      }),
    );
    await studio.click(apple.click.x, apple.click.y);
    await studio.page.getByTestId('toast').waitFor();
    expect(await studio.page.getByTestId('toast').textContent()).toContain('10 objects already');
    await studio.settled(0, 0);
    expect(await studio.page.getByTestId('undo').isDisabled()).toBe(true);
  });

  it('A16 exports all masks as COCO and one as PNG', async () => {
    await using studio = await openScene();
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
    await using studio = await StudioPage.open(browser, `${broken.url}/#${sessionId}`);
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

  it('works with a finger on a phone', async () => {
    const viewport = { width: 390, height: 780 };
    await using studio = await openScene({ viewport, hasTouch: true, isMobile: true });
    const tap = async (x: number, y: number): Promise<void> => {
      const at = await studio.place(x, y);
      await studio.page.touchscreen.tap(at.x, at.y);
    };
    await tap(mug.click.x, mug.click.y);
    await studio.settled(1, 1);
    await studio.page.getByTestId('mode-remove').tap();
    await tap(464, 424);
    await studio.settled(1, 2);
    const beyond = await studio.page.evaluate(() => {
      const { documentElement } = (globalThis as unknown as PageGlobals).document;
      return documentElement.scrollWidth - documentElement.clientWidth;
    });
    expect(beyond).toBe(0);
  });
});
