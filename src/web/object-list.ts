/** The list of objects beside the photo. */
import type { Clicks } from './clicks.ts';
import { byTestId, copyOf, download, find } from './dom.ts';
import type { ObjectView } from './object-view.ts';
import { objectIds } from './object-view.ts';
import type { Studio } from './studio.ts';

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });

/** What is said under the name of an object. */
function factsOf(object: ObjectView): string {
  if (object.status === 'failed') return object.problem?.detail ?? 'That did not work.';
  if (object.status === 'sending') return 'Sending';
  const wait = object.etaMs === undefined ? '' : `, ${(object.etaMs / 1000).toFixed(1)} s`;
  if (object.status === 'queued') return `Waiting${wait}`;
  if (object.status === 'running') return 'Outlining';
  if (object.result === undefined) return '';
  if (object.result.area === 0) return 'Nothing found here';
  const [height, width] = object.result.mask.size;
  const part = percent.format(object.result.area / (width * height));
  const clicks = object.dots.length + (object.box === undefined ? 0 : 1);
  return `${part} of the photo, ${clicks} ${clicks === 1 ? 'click' : 'clicks'}`;
}

class Row {
  readonly element = copyOf('object-item');
  readonly #label = byTestId('label-input', HTMLInputElement, this.element);
  readonly #pick = find('[data-part="pick"]', HTMLButtonElement, this.element);
  readonly #meta = find('[data-part="meta"]', HTMLElement, this.element);
  readonly #retry = byTestId('retry', HTMLButtonElement, this.element);
  readonly #save = byTestId('mask-png', HTMLButtonElement, this.element);
  #object: ObjectView;

  constructor(object: ObjectView, studio: Studio, clicks: Clicks) {
    this.#object = object;
    const { objectId } = object;
    const fail = (error: unknown): void => studio.messages.fail(error);
    this.element.dataset['objectId'] = objectId;
    this.element.addEventListener('click', () => clicks.select(objectId));
    this.#label.addEventListener('change', () => {
      const label = this.#label.value.trim() || null;
      studio.state.session?.patchObject(objectId, { label }).catch(fail);
    });
    this.#label.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === 'Escape') this.#label.blur();
    });
    this.#retry.addEventListener('click', () => {
      studio.state.session?.retryObject(objectId).catch(fail);
    });
    this.#save.addEventListener('click', () => {
      const name = this.#object.label || `object-${this.#object.number}`;
      studio.state.session?.requests
        .maskPng(objectId)
        .then((png) => download(png, `${name.replace(/[^\p{L}\p{N}_-]+/gu, '-')}.png`))
        .catch(fail);
    });
    byTestId('remove-object', HTMLButtonElement, this.element).addEventListener(
      'click',
      (event) => {
        // The row itself would select what has just been removed.
        event.stopPropagation();
        this.#passFocusOn();
        clicks.remove(objectId).catch(fail);
      },
    );
  }

  draw(object: ObjectView, selected: boolean): void {
    this.#object = object;
    const { element } = this;
    element.dataset['status'] = object.status;
    element.style.setProperty('--hue', object.color);
    this.#mark(selected);
    find('b', HTMLElement, this.#pick).textContent = String(object.number);
    const name = `Object ${object.number}`;
    this.#pick.setAttribute('aria-label', `Select ${object.label || name}`);
    this.#label.placeholder = name;
    this.#label.setAttribute('aria-label', `Name of object ${object.number}`);
    if (document.activeElement !== this.#label) this.#label.value = object.label;
    this.#meta.textContent = factsOf(object);
    this.#retry.hidden = object.status !== 'failed';
    this.#save.disabled = object.result === undefined;
  }

  /** A row that becomes the selected one is brought into sight: on a phone the list is short. */
  #mark(selected: boolean): void {
    const { element } = this;
    if (selected === element.hasAttribute('aria-current')) return;
    element.removeAttribute('aria-current');
    if (!selected) return;
    element.setAttribute('aria-current', 'true');
    // Not before the row is in the list.
    requestAnimationFrame(() => element.scrollIntoView({ block: 'nearest' }));
  }

  /** Who works with keys goes on from the next row, not from the top of the page. */
  #passFocusOn(): void {
    if (!this.element.matches(':focus-within')) return;
    const { nextElementSibling: next, previousElementSibling: previous } = this.element;
    const row = next ?? previous;
    const heir = row?.querySelector<HTMLElement>('[data-part="pick"]') ?? find('#pad', HTMLElement);
    heir.focus();
  }
}

/** Those on the other photos count, too, for the limit and in the numbers. */
function drawCount(count: HTMLElement, { state, limits }: Studio, here: number): void {
  const all = state.session === undefined ? 0 : objectIds(state.session.state).length;
  count.textContent = all === 0 ? '' : `${all} of ${limits?.maxObjects ?? all}`;
  count.title = all === here ? '' : `${here} on this photo`;
}

export function objectList(studio: Studio, clicks: Clicks): void {
  const list = byTestId('object-list', HTMLElement);
  const count = byTestId('object-count', HTMLElement);
  const next = byTestId('next-object', HTMLButtonElement);
  const rows = new Map<string, Row>();
  next.addEventListener('click', () => clicks.next());
  studio.onDraw(() => {
    const objects = studio.objects();
    const ids = new Set(objects.map((object) => object.objectId));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    for (const [at, object] of objects.entries()) {
      const row = rows.get(object.objectId) ?? new Row(object, studio, clicks);
      rows.set(object.objectId, row);
      row.draw(object, object.objectId === studio.state.selected);
      // Moving an element that is in place would take the focus from it.
      if (list.children[at] !== row.element)
        list.insertBefore(row.element, list.children[at] ?? null);
    }
    drawCount(count, studio, objects.length);
    next.disabled = studio.state.selected === undefined;
  });
}
