/** From clicks to masks: with the mouse, the keyboard and a finger. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PageGlobals } from './page-globals.ts';
import { named, scene } from './sample-session.ts';
import { eventually } from './studio-page.ts';
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
  it('goes from the start page to a mask that fits, in two clicks', async () => {
    await using studio = await suite.open();
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
    await using studio = await suite.openScene();
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
    await using studio = await suite.openScene();
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
    await using studio = await suite.openScene();
    await studio.drag(690, 420, 874, 604);
    await studio.settled(1, 1);
    await studio.page.getByTestId('next-object').click();
    await eventually(() => studio.overlap([orange], scene.width)).toBeGreaterThan(GOOD);
  });

  it('A12 takes away with Alt as with the right button, never from nothing', async () => {
    await using studio = await suite.openScene();
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
    await using studio = await suite.openScene();
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
    await using studio = await suite.openScene();
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

  it('A2 takes a refused click back and says why in the words of the gateway', async () => {
    await using studio = await suite.openScene();
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

  it('works with a finger on a phone', async () => {
    const viewport = { width: 390, height: 780 };
    await using studio = await suite.openScene({ viewport, hasTouch: true, isMobile: true });
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
