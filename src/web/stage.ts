/** The two canvases: the photo, and over it masks, clicks and boxes. */
import type { SegmentCompletedPayload } from '../client/index.ts';
import { byTestId, find } from './dom.ts';
import type { ObjectView } from './object-view.ts';
import type { Surface } from './overlay.ts';
import { drawBox, drawCrosshair, drawDot, drawMask, isMoving } from './overlay.ts';
import type { Photo, Studio } from './studio.ts';
import type { View } from './view.ts';
import { fitted } from './view.ts';

/** From this zoom on one sees pixels, so they are shown as they are. */
const PIXELS_SEEN = 3;

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no 2D canvas');
  return context;
}

export class Stage {
  /** The overlay, which carries the view as attributes; see `view.ts`. */
  readonly canvas = byTestId('canvas', HTMLCanvasElement);
  readonly #photo = find('#photo', HTMLCanvasElement);
  readonly #pad = find('#pad', HTMLElement);
  readonly #studio: Studio;
  /** When each mask was drawn first. */
  readonly #arrivals = new WeakMap<SegmentCompletedPayload, number>();
  #drawn: { readonly photo: Photo | undefined; readonly view: View | undefined } | undefined;

  constructor(studio: Studio) {
    this.#studio = studio;
    studio.onDraw(() => this.#draw());
    new ResizeObserver(() => this.#resize()).observe(this.#pad);
  }

  /** Of the stage, in CSS pixels. */
  get size(): { readonly width: number; readonly height: number } {
    return { width: this.#pad.clientWidth, height: this.#pad.clientHeight };
  }

  #resize(): void {
    const { width, height } = this.size;
    for (const canvas of [this.canvas, this.#photo]) {
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
    this.#drawn = undefined;
    this.#studio.update({ view: undefined });
  }

  #draw(): void {
    const { photo } = this.#studio.state;
    if (photo !== undefined && this.#studio.state.view === undefined) {
      this.#studio.update({ view: fitted(photo, this.size, this.size.width < 560 ? 12 : 28) });
    }
    const { view } = this.#studio.state;
    this.#mark(photo, view);
    this.#drawPhoto(photo, view);
    this.#drawOverlay(view);
  }

  #mark(photo: Photo | undefined, view: View | undefined): void {
    const { dataset } = this.canvas;
    if (photo === undefined || view === undefined) {
      for (const name of Object.keys(dataset)) if (name !== 'testid') delete dataset[name];
      return;
    }
    dataset['scale'] = String(view.scale);
    dataset['offsetX'] = String(view.x);
    dataset['offsetY'] = String(view.y);
    dataset['imageWidth'] = String(photo.width);
    dataset['imageHeight'] = String(photo.height);
    dataset['imageId'] = photo.imageId ?? '';
    const { crosshair } = this.#studio.state;
    dataset['crosshair'] = crosshair === undefined ? '' : `${crosshair.x},${crosshair.y}`;
  }

  #drawPhoto(photo: Photo | undefined, view: View | undefined): void {
    if (this.#drawn?.photo === photo && this.#drawn?.view === view) return;
    this.#drawn = { photo, view };
    const context = contextOf(this.#photo);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#photo.width, this.#photo.height);
    if (photo === undefined || view === undefined) return;
    const density = devicePixelRatio;
    context.imageSmoothingEnabled = view.scale * density < PIXELS_SEEN;
    context.imageSmoothingQuality = 'high';
    context.setTransform(density, 0, 0, density, 0, 0);
    const { scale, x, y } = view;
    context.drawImage(photo.bitmap, x, y, photo.width * scale, photo.height * scale);
  }

  #drawOverlay(view: View | undefined): void {
    const context = contextOf(this.canvas);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { photo, upload, imageId, early } = this.#studio.state;
    if (view === undefined) return;
    const surface = { context, view, density: devicePixelRatio, now: performance.now() };
    for (const click of early) drawDot(surface, { ...click, pending: true }, '#fff', true);
    if (early.length > 0) this.#studio.redraw();
    if (upload !== undefined || photo?.imageId !== imageId) return;
    this.#drawObjects(surface);
    const { drag, crosshair } = this.#studio.state;
    if (drag !== undefined) drawBox(surface, drag, '#fff', true);
    if (crosshair !== undefined) drawCrosshair(surface, crosshair);
  }

  #drawObjects(surface: Surface): void {
    const { selected } = this.#studio.state;
    const isSelected = (object: ObjectView): boolean => object.objectId === selected;
    const objects = this.#studio.objects();
    const sorted = [...objects].sort((a, b) => Number(isSelected(a)) - Number(isSelected(b)));
    let moving = false;
    for (const object of sorted) {
      const age = this.#age(object, surface.now);
      drawMask(surface, object, isSelected(object), age);
      moving ||= isMoving(object, age);
    }
    for (const object of sorted) {
      const { box, color } = object;
      if (box !== undefined && (isSelected(object) || box.pending)) {
        drawBox(surface, box, color, box.pending);
        moving ||= box.pending;
      }
      for (const dot of object.dots) drawDot(surface, dot, color, isSelected(object));
    }
    if (moving) this.#studio.redraw();
  }

  #age({ result }: ObjectView, now: number): number {
    if (result === undefined) return 0;
    const arrival = this.#arrivals.get(result) ?? now;
    this.#arrivals.set(result, arrival);
    return now - arrival;
  }
}
