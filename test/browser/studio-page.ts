/** The studio in Chromium, driven as a person would. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { expect } from 'vitest';
import type { SceneObject } from '../../src/sample/scene.ts';
import type { PageElement, PageGlobals } from './page-globals.ts';

/** A slow machine that does other things as well; nothing here waits without such an end. */
const DEADLINE_MS = 30_000;

/** Asks again until the answer is right, for as long as a slow machine may need. */
export const eventually = <Value>(ask: () => Promise<Value>) =>
  expect.poll(ask, { timeout: DEADLINE_MS, interval: 100 });

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

interface Row {
  readonly id: string;
  readonly status: string;
  readonly label: string;
  readonly facts: string;
  readonly selected: boolean;
}

/** What is painted over the photo, one value per {@link GRID} image pixels in either direction. */
interface Painted {
  readonly columns: number;
  readonly rows: number;
  readonly bits: readonly number[];
}

const GRID = 4;

export class StudioPage implements AsyncDisposable {
  readonly page: Page;
  readonly failures: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(DEADLINE_MS);
    page.on('pageerror', (error) => this.failures.push(error.message));
  }

  /** Opens the page; `prepare` runs before it is loaded. */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    prepare: (page: Page) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<StudioPage> {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 760 },
      acceptDownloads: true,
      ...options,
    });
    const studio = new StudioPage(await context.newPage());
    await prepare(studio.page);
    await studio.page.goto(url);
    return studio;
  }

  /** Waits until the photo is on the stage, known to the gateway, and the stream is live. */
  async ready(): Promise<void> {
    await this.page.waitForFunction(() => {
      const { document } = globalThis as unknown as PageGlobals;
      const canvas = document.querySelector('[data-testid="canvas"]');
      const pill = document.querySelector('[data-testid="status-pill"]');
      return canvas?.getAttribute('data-image-id') && pill?.getAttribute('data-state') === 'live';
    });
  }

  async state(name: string): Promise<void> {
    await this.page.waitForSelector(`[data-testid="status-pill"][data-state="${name}"]`);
  }

  /** The objects of the list, top to bottom. */
  objects(): Promise<readonly Row[]> {
    return this.page.$$eval('[data-testid="object-item"]', (items) =>
      items.map((item) => ({
        id: item.getAttribute('data-object-id') ?? '',
        status: item.getAttribute('data-status') ?? '',
        label: item.querySelector('input')?.value ?? '',
        facts: item.querySelector('[data-part="meta"]')?.textContent ?? '',
        selected: item.getAttribute('aria-current') === 'true',
      })),
    );
  }

  /** Waits until the list has that many objects, all with masks made of that many clicks in all. */
  async settled(objects: number, clicks: number): Promise<void> {
    await this.page.waitForFunction(
      ([wantedObjects, wantedClicks]) => {
        const { document } = globalThis as unknown as PageGlobals;
        const items = [...document.querySelectorAll('[data-testid="object-item"]')];
        const made = items.map((item) => {
          const facts = item.querySelector('[data-part="meta"]')?.textContent ?? '';
          return Number(/(\d+) clicks?$/.exec(facts)?.[1] ?? 0);
        });
        return (
          items.length === wantedObjects &&
          items.every((item) => item.getAttribute('data-status') === 'ready') &&
          made.reduce((sum, count) => sum + count, 0) === wantedClicks
        );
      },
      [objects, clicks] as const,
    );
  }

  /** The page position of an image pixel, from the attributes of the overlay (see `view.ts`). */
  place(x: number, y: number): Promise<{ x: number; y: number }> {
    return this.page.$eval(
      '[data-testid="canvas"]',
      (canvas, [ix, iy]) => {
        const { left, top } = canvas.getBoundingClientRect();
        const number = (name: string): number => Number(canvas.getAttribute(`data-${name}`));
        return {
          x: left + number('offset-x') + ix * number('scale'),
          y: top + number('offset-y') + iy * number('scale'),
        };
      },
      [x, y] as const,
    );
  }

  /** How the photo lies on the stage (see `view.ts`). */
  view(): Promise<{ scale: number; x: number; y: number }> {
    return this.page.$eval('[data-testid="canvas"]', (canvas) => {
      const number = (name: string): number => Number(canvas.getAttribute(`data-${name}`));
      return { scale: number('scale'), x: number('offset-x'), y: number('offset-y') };
    });
  }

  /** Two fingers at a page position, side by side, that move apart or together. */
  async pinch(at: { x: number; y: number }, from: number, to: number): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', spread?: number) => {
      const sides = spread === undefined ? [] : [-spread, spread];
      const touchPoints = sides.map((side, id) => ({ x: at.x + side, y: at.y, id }));
      return session.send('Input.dispatchTouchEvent', { type, touchPoints });
    };
    await touch('touchStart', from);
    await touch('touchMove', (from + to) / 2);
    await touch('touchMove', to);
    await touch('touchEnd');
    await session.detach();
  }

  async doubleTap(at: { x: number; y: number }): Promise<void> {
    await this.page.touchscreen.tap(at.x, at.y);
    await this.page.touchscreen.tap(at.x, at.y);
  }

  async click(x: number, y: number, button: 'left' | 'right' = 'left'): Promise<void> {
    const at = await this.place(x, y);
    await this.page.mouse.click(at.x, at.y, { button });
  }

  async drag(left: number, top: number, right: number, bottom: number): Promise<void> {
    const from = await this.place(left, top);
    const to = await this.place(right, bottom);
    await this.page.mouse.move(from.x, from.y);
    await this.page.mouse.down();
    await this.page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2);
    await this.page.mouse.move(to.x, to.y);
    await this.page.mouse.up();
  }

  /** Reads the overlay's pixels back. */
  painted(): Promise<Painted> {
    return this.page.$eval(
      '[data-testid="canvas"]',
      (element, step) => {
        const { devicePixelRatio } = globalThis as unknown as PageGlobals;
        const canvas = element as unknown as PageElement;
        const number = (name: string): number => Number(canvas.getAttribute(`data-${name}`));
        const { width, height } = canvas;
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data;
        const columns = Math.floor(number('image-width') / step);
        const rows = Math.floor(number('image-height') / step);
        const bits = Array.from({ length: columns * rows }, (_, at) => {
          const ix = ((at % columns) + 0.5) * step;
          const iy = (Math.floor(at / columns) + 0.5) * step;
          const x = Math.round((number('offset-x') + ix * number('scale')) * devicePixelRatio);
          const y = Math.round((number('offset-y') + iy * number('scale')) * devicePixelRatio);
          return (pixels?.[(y * width + x) * 4 + 3] ?? 0) > 40 ? 1 : 0;
        });
        return { columns, rows, bits };
      },
      GRID,
    );
  }

  /** True when something is painted over an image pixel. */
  async isPainted(x: number, y: number): Promise<boolean> {
    const { columns, bits } = await this.painted();
    return bits[Math.floor(y / GRID) * columns + Math.floor(x / GRID)] === 1;
  }

  /** Everything painted against everything that the objects cover: intersection over union. */
  async overlap(objects: readonly SceneObject[], width: number): Promise<number> {
    const { columns, bits } = await this.painted();
    let both = 0;
    let either = 0;
    for (const [at, bit] of bits.entries()) {
      const x = (at % columns) * GRID + GRID / 2;
      const y = Math.floor(at / columns) * GRID + GRID / 2;
      const inside = objects.some(({ mask }) => mask[y * width + x] === 1);
      if (inside && bit === 1) both += 1;
      if (inside || bit === 1) either += 1;
    }
    return either === 0 ? 1 : both / either;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}
