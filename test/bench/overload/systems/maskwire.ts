import { Agent } from 'undici';
import { renderImage, startAlone, startTogether } from './gateways.ts';
import { MaskwireSession } from './maskwire-session.ts';
import type { StartSystem, System } from './system.ts';

/** One gateway that keeps everything in its memory, or several on one Redis; clicks go to each in turn. */
export const startMaskwire: StartSystem = async (setting, opened): Promise<System> => {
  const { gateways, sessions, objectsEach } = setting;
  const urls =
    gateways === 1
      ? [await startAlone(setting, opened)]
      : await startTogether(gateways, setting, opened);
  const dispatcher = new Agent();
  opened.defer(() => dispatcher.destroy());
  const image = await renderImage();
  const people: MaskwireSession[] = [];
  while (people.length < sessions) {
    const turn = people.length;
    people.push(await MaskwireSession.open(setting, { urls, dispatcher }, image, turn));
  }
  return { click: (click) => people[Math.floor(click.object / objectsEach)]?.click(click) };
};
