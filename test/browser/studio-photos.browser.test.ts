/** How photos come to the studio. */
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DropGlobals } from './page-globals.ts';
import { named, scene } from './sample-session.ts';
import { eventually } from './studio-page.ts';
import type { StudioSuite } from './studio-suite.ts';
import { GOOD, openSuite } from './studio-suite.ts';

const apple = named('apple');
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

let suite: StudioSuite;
beforeAll(async () => {
  suite = await openSuite();
});
afterAll(() => suite[Symbol.asyncDispose]());

describe('the studio', () => {
  it('keeps the objects of each photo apart, and counts them together as the limit does', async () => {
    await using studio = await suite.openScene();
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
    expect(await studio.page.getByTestId('object-count').textContent()).toBe('2 of 10');
    await studio.page.getByTestId('strip').getByRole('button', { name: 'Show scene.jpg' }).click();
    await studio.page.waitForSelector('[data-testid="canvas"][data-image-width="1024"]');
    await eventually(() => studio.overlap([apple], scene.width)).toBeGreaterThan(GOOD);
  });

  it('takes a photo that is dropped on it', async () => {
    await using studio = await suite.open();
    const bytes = await sharp(Buffer.from(DISC)).png().toBuffer();
    await studio.page.evaluate(dropInPage, bytes.toString('base64'));
    await studio.ready();
    await studio.click(380, 190);
    await studio.settled(1, 1);
    expect(await studio.isPainted(300, 190)).toBe(true);
  });

  it('A9 takes a photo from the file dialog', async () => {
    await using studio = await suite.open();
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
    await using studio = await suite.open({}, (page) =>
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
    await using studio = await suite.open();
    await studio.page
      .getByTestId('file-input')
      .setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await studio.page.getByTestId('toast').waitFor();
    expect(await studio.page.getByTestId('toast').textContent()).toContain('not a picture');
    expect(await studio.page.getByTestId('use-sample').isVisible()).toBe(true);
  });
});
