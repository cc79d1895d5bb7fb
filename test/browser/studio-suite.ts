/** What each file of studio tests has to itself: a gateway and a browser. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startGateway } from './gateway-process.ts';
import { sampleSession } from './sample-session.ts';
import { launch, StudioPage } from './studio-page.ts';

/** The least overlap of what is painted with the objects meant: outlines and soft edges cost some. */
export const GOOD = 0.7;

export interface StudioSuite extends AsyncDisposable {
  readonly browser: Browser;
  /** The start page; `prepare` runs before it is loaded. */
  open(
    options?: BrowserContextOptions,
    prepare?: (page: Page) => Promise<unknown>,
  ): Promise<StudioPage>;
  /** The studio with the sample scene on its stage. */
  openScene(options?: BrowserContextOptions): Promise<StudioPage>;
}

export async function openSuite(): Promise<StudioSuite> {
  const [gateway, browser] = await Promise.all([startGateway(), launch()]);
  return {
    browser,
    open: (options, prepare) => StudioPage.open(browser, gateway.url, options, prepare),
    async openScene(options = {}) {
      const { sessionId } = await sampleSession(gateway.url);
      const studio = await StudioPage.open(browser, `${gateway.url}/#${sessionId}`, options);
      await studio.ready();
      return studio;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await gateway.stop();
    },
  };
}
