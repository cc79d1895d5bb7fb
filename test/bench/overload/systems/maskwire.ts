import { Agent } from 'undici';
import { renderImage, startAlone, startTogether } from './gateways.ts';
import { MaskwireSession } from './maskwire-session.ts';
import type { Setting, System } from './system.ts';

/** One gateway that keeps everything in its memory. */
export async function startMaskwire(setting: Setting): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const url = await startAlone(setting, opened);
  return await openSystem(setting, [url], opened.move());
}

/** Three gateways on one Redis; clicks go to each in turn. */
export async function startThreeGateways(setting: Setting): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const urls = await startTogether(3, setting, opened);
  return await openSystem(setting, urls, opened.move());
}

async function openSystem(
  setting: Setting,
  urls: readonly string[],
  started: AsyncDisposableStack,
): Promise<System> {
  await using opened = started;
  const dispatcher = new Agent();
  opened.defer(() => dispatcher.destroy());
  const image = await renderImage();
  const sessions: MaskwireSession[] = [];
  while (sessions.length < setting.sessions) {
    const gateways = { urls, dispatcher };
    sessions.push(await MaskwireSession.open(setting, gateways, image, sessions.length));
  }
  const open = opened.move();
  return {
    click: (click) => sessions[Math.floor(click.object / setting.objectsEach)]?.click(click),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
