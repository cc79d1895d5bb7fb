/** The ways in which a photo comes to the page: picked, dropped, pasted, or the sample. */
import { byTestId, find } from './dom.ts';
import type { Photos } from './photos.ts';
import { Sessions } from './sessions.ts';
import type { Studio } from './studio.ts';

const firstPicture = (files: FileList | undefined): File | undefined =>
  [...(files ?? [])].find((file) => file.type.startsWith('image/')) ?? files?.[0];

export function intake(studio: Studio, photos: Photos, sessions: Sessions): void {
  const input = byTestId('file-input', HTMLInputElement);
  const resume = byTestId('resume', HTMLButtonElement);
  const take = (file: File | undefined): void => {
    if (file === undefined) return;
    photos.add(file, file.name).catch((error: unknown) => studio.messages.fail(error));
  };
  input.addEventListener('change', () => {
    take(firstPicture(input.files ?? undefined));
    // The same file may be chosen again.
    input.value = '';
  });
  for (const id of ['pick', 'add-photo']) {
    byTestId(id, HTMLButtonElement).addEventListener('click', () => input.click());
  }
  byTestId('use-sample', HTMLButtonElement).addEventListener('click', () => {
    photos.addSample().catch((error: unknown) => studio.messages.fail(error));
  });
  resume.addEventListener('click', () => {
    const sessionId = Sessions.resumable();
    if (sessionId !== undefined) sessions.resume(sessionId);
  });
  addEventListener('paste', (event) => take(firstPicture(event.clipboardData?.files)));
  dropping(take);
  studio.onDraw(() => drawStart(studio, resume));
}

function dropping(take: (file: File | undefined) => void): void {
  const isFile = (event: DragEvent): boolean =>
    event.dataTransfer?.types.includes('Files') === true;
  addEventListener('dragover', (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    document.body.dataset['dropping'] = '';
  });
  addEventListener('dragleave', (event) => {
    // Leaving an element for another inside the page has a related target.
    if (event.relatedTarget === null) delete document.body.dataset['dropping'];
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    delete document.body.dataset['dropping'];
    take(firstPicture(event.dataTransfer?.files));
  });
}

function drawStart(studio: Studio, resume: HTMLButtonElement): void {
  const { session, photo, upload, imageId, note } = studio.state;
  const known = session?.state.cursor !== undefined;
  const waiting = session !== undefined && !known;
  const empty = photo === undefined && upload === undefined && imageId === undefined && !waiting;
  document.body.dataset['stage'] = empty ? 'empty' : upload === undefined ? 'work' : 'upload';
  resume.hidden = !empty || session !== undefined || Sessions.resumable() === undefined;
  const noted = byTestId('note', HTMLElement);
  noted.hidden = note === undefined;
  noted.textContent = note ?? '';
  drawProgress(upload);
  const hint = byTestId('hint', HTMLElement);
  const first = known && photo?.imageId !== undefined && studio.objects().length === 0;
  hint.hidden = !first || upload !== undefined;
  hint.textContent = 'Click on something to outline it';
}

function drawProgress(upload: { readonly text: string; readonly part: number } | undefined): void {
  const progress = byTestId('upload-progress', HTMLElement);
  progress.hidden = upload === undefined;
  if (upload === undefined) return;
  const percent = Math.round(upload.part * 100);
  progress.setAttribute('aria-valuenow', String(percent));
  progress.style.setProperty('--part', `${percent}%`);
  find('span', HTMLElement, progress).textContent = upload.text;
}
