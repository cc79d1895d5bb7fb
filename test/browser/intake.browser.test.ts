import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayProcess } from './gateway-process.ts';
import { startGateway } from './gateway-process.ts';
import type { DropGlobals, StreamGlobals } from './page-globals.ts';
import { eventually, launch, StudioPage } from './studio-page.ts';

const MOST_BYTES = 300_000;

let gateway: GatewayProcess;
let browser: Browser;

beforeAll(async () => {
  const env = { MASKWIRE_MAX_IMAGE_BYTES: String(MOST_BYTES), MASKWIRE_MAX_OBJECTS: '3' };
  [gateway, browser] = await Promise.all([startGateway({ env }), launch()]);
});

afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

/** Runs in the page: pastes a PNG into it. */
function pasteInPage(base64: string): void {
  const { DataTransfer, ClipboardEvent, File, dispatchEvent } =
    globalThis as unknown as DropGlobals;
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
  dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
}

/** Runs in the page before its scripts: keeps what the stream brings until `letGo` is called. */
function holdStream(): void {
  const page = globalThis as unknown as StreamGlobals;
  const { prototype } = page.EventSource;
  const listen = prototype.addEventListener;
  const released = new Promise<void>((resolve) => {
    page.letGo = resolve;
  });
  prototype.addEventListener = function (type, listener) {
    listen.call(this, type, (event) => void released.then(() => listener(event)));
  };
}

/** A disc before a background of the given unevenness, which PNG cannot make small. */
async function disc(width: number, height: number, sigma: number): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma } as const;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><circle cx="${width / 2}" cy="${height / 2}" r="${height / 4}" fill="#1f5fa8"/></svg>`;
  return await sharp({ create: { width, height, channels: 3, background: '#000', noise } })
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer();
}

describe('how a photo comes to the page', () => {
  it('takes a pasted picture, and counts its objects to the gateway’s limit', async () => {
    await using studio = await StudioPage.open(browser, gateway.url);
    const picture = await disc(480, 320, 4);
    expect(picture.length).toBeLessThan(MOST_BYTES);
    await studio.page.evaluate(pasteInPage, picture.toString('base64'));
    await studio.ready();
    await studio.click(240, 160);
    await studio.settled(1, 1);
    expect(await studio.page.getByTestId('object-count').textContent()).toBe('1 of 3');
    expect(studio.failures).toEqual([]);
  });

  it('keeps a photo whose upload was faster than the first word of the stream', async () => {
    await using studio = await StudioPage.open(browser, gateway.url, {}, (page) =>
      page.addInitScript(holdStream),
    );
    const opened = studio.page.waitForResponse(/\/events/);
    // Sent only when the gateway has written the snapshot, which therefore knows no image.
    await studio.page.route('**/v1/sessions/*/images', async (route) => {
      await opened;
      await route.continue();
    });
    const sent = studio.page.waitForResponse(/\/images$/);
    const picture = await disc(480, 320, 4);
    await studio.page.evaluate(pasteInPage, picture.toString('base64'));
    expect((await sent).status()).toBe(201);
    await studio.page.waitForSelector('[data-testid="canvas"][data-image-id]');
    await studio.page.evaluate(() => (globalThis as unknown as StreamGlobals).letGo());
    await studio.ready();
    await studio.click(240, 160);
    await studio.settled(1, 1);
    expect(studio.failures).toEqual([]);
  });

  it('A9 sends a smaller copy of a photo over the gateway’s limit, and says so', async () => {
    await using studio = await StudioPage.open(browser, gateway.url);
    const picture = await disc(1200, 800, 12);
    expect(picture.length).toBeGreaterThan(MOST_BYTES);
    await studio.page.evaluate(pasteInPage, picture.toString('base64'));
    await studio.page.getByTestId('toast').waitFor();
    expect(await studio.page.getByTestId('toast').textContent()).toContain('larger than 0.3 MB');
    await studio.ready();
    await studio.click(600, 400);
    await studio.settled(1, 1);
  });
});

describe('moving the photo', () => {
  it('follows the middle button, and two fingers; a double tap fits it again', async () => {
    await using studio = await StudioPage.open(browser, gateway.url, { hasTouch: true });
    const picture = await disc(480, 320, 4);
    await studio.page.evaluate(pasteInPage, picture.toString('base64'));
    await studio.ready();
    const fitted = await studio.view();

    const { mouse } = studio.page;
    const from = await studio.place(240, 160);
    await mouse.move(from.x, from.y);
    await mouse.down({ button: 'middle' });
    await mouse.move(from.x + 40, from.y + 25);
    await mouse.up({ button: 'middle' });
    const moved = { scale: fitted.scale, x: fitted.x + 40, y: fitted.y + 25 };
    await eventually(() => studio.view()).toEqual(moved);

    const centre = await studio.place(240, 160);
    await studio.pinch(centre, 60, 120);
    await eventually(async () => (await studio.view()).scale).toBeCloseTo(fitted.scale * 2, 5);
    expect(await studio.objects()).toEqual([]);

    // Tapped again when a slow machine was too slow for a double tap.
    const tapped = async () => {
      await studio.doubleTap(centre);
      return await studio.view();
    };
    await eventually(tapped).toEqual(fitted);
  });
});
