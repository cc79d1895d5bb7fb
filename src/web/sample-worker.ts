/** Runs as a worker: draws the sample scene and hands its pixels over. */
import { renderScene } from '../sample/scene.ts';

export interface DrawnScene {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** The part of a worker's global scope that is used; the page's own types do not have it. */
interface WorkerScope {
  postMessage(message: DrawnScene, transfer: readonly ArrayBuffer[]): void;
}

const { width, height, rgba } = renderScene();
(globalThis as unknown as WorkerScope).postMessage({ width, height, rgba }, [rgba.buffer]);
