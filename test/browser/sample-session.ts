/** Sessions that have the sample scene already, made without a browser. */
import sharp from 'sharp';
import { MaskwireClient } from '../../src/client/index.ts';
import { renderScene } from '../../src/sample/scene.ts';

export const scene = renderScene();

/** The object of that name in the sample scene. */
export function named(name: string) {
  const object = scene.objects.find((candidate) => candidate.name === name);
  if (object === undefined) throw new Error(`the sample scene has no ${name}`);
  return object;
}

let jpeg: Promise<Buffer> | undefined;

function sceneJpeg(): Promise<Buffer> {
  const { rgba, width, height } = scene;
  jpeg ??= sharp(rgba, { raw: { width, height, channels: 4 } })
    .jpeg({ quality: 93 })
    .toBuffer();
  return jpeg;
}

/** Opens a session with the sample scene in it. */
export async function sampleSession(url: string) {
  const client = new MaskwireClient({ url });
  const { sessionId } = await client.createSession();
  const requests = client.requests(sessionId);
  const image = new Blob([new Uint8Array(await sceneJpeg())], { type: 'image/jpeg' });
  const { imageId } = await requests.uploadImage({ image, name: 'scene.jpg' });
  return { sessionId, imageId, requests, client };
}
