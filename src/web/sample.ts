/** The sample scene as a file, drawn beside the page's own thread. */
import type { DrawnScene } from './sample-worker.ts';
import { toJpeg } from './shrink.ts';

export async function sampleScene(): Promise<Blob> {
  const worker = new Worker(new URL('./sample-worker.js', import.meta.url), { type: 'module' });
  try {
    const { width, height, rgba } = await new Promise<DrawnScene>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<DrawnScene>) => resolve(data);
      worker.onerror = () => reject(new Error('The sample scene could not be drawn.'));
    });
    const bitmap = await createImageBitmap(new ImageData(rgba, width, height));
    return await toJpeg(bitmap, { width, height }, 0.93);
  } finally {
    worker.terminate();
  }
}
