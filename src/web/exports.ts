/** Taking the results away. */
import { byTestId, download } from './dom.ts';
import type { Studio } from './studio.ts';

export function exports(studio: Studio): void {
  const button = byTestId('export-coco', HTMLButtonElement);
  const save = async (): Promise<void> => {
    const coco = await studio.state.session?.requests.exportCoco();
    if (coco === undefined) return;
    const text = JSON.stringify(coco, null, 2);
    download(new Blob([text], { type: 'application/json' }), 'maskwire-coco.json');
  };
  button.addEventListener('click', () => {
    save().catch((error: unknown) => studio.messages.fail(error));
  });
  studio.onDraw(() => {
    const objects = studio.state.session?.state.objects ?? [];
    button.disabled = objects.every((object) => object.result === undefined);
  });
}
