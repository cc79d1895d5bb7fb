/** What a scene's log says, and to whom. */
import type { Position } from '../../../src/core/cursor.ts';
import { resetReason } from '../../../src/core/cursor.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import type { Scene } from '../../contract/support.ts';

/** Of a scene, as a gateway sees it. */
export async function logOf(engine: Engine, scene: Scene): Promise<readonly unknown[]> {
  const page = await engine.log.read(scene.session, { epoch: 0, sequence: 0 }, 1_000);
  return page?.events ?? [];
}

/** Whether a reader that stands there is told to begin anew. */
export async function resetOf(scene: Scene, position: Position) {
  const extent = await scene.engine.log.extent(scene.session);
  return extent === undefined ? 'gone' : resetReason(position, extent);
}
