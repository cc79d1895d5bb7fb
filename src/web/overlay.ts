/** Drawing what lies over the photo. Lengths are CSS pixels whatever the zoom. */
import type { Box } from '../client/index.ts';
import { maskPath } from './mask-paths.ts';
import type { Dot, ObjectView } from './object-view.ts';
import type { Place, View } from './view.ts';
import { toStage } from './view.ts';

/** What is drawn on, how the photo lies under it, and the time for what moves. */
export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly view: View;
  /** Device pixels per CSS pixel. */
  readonly density: number;
  /** Milliseconds. */
  readonly now: number;
}

const TURN = Math.PI * 2;
const PULSE_MS = 1_100;
/** A new mask begins brighter and settles. */
const ARRIVAL_MS = 320;

/** Coordinates are CSS pixels of the stage. */
function onStage({ context, density }: Surface): void {
  context.setTransform(density, 0, 0, density, 0, 0);
}

/** Coordinates are pixels of the image. */
function onImage({ context, view, density }: Surface): void {
  const { scale, x, y } = view;
  context.setTransform(scale * density, 0, 0, scale * density, x * density, y * density);
}

/** Fill and outline of an object; `age` is how long ago its mask came. */
export function drawMask(surface: Surface, object: ObjectView, strong: boolean, age: number): void {
  if (object.result === undefined) return;
  const { context, view } = surface;
  const path = maskPath(object.result);
  const arriving = Math.max(1 - age / ARRIVAL_MS, 0);
  onImage(surface);
  context.lineJoin = 'round';
  context.fillStyle = object.color;
  context.globalAlpha = (strong ? 0.32 : 0.22) + 0.3 * arriving;
  context.fill(path, 'evenodd');
  context.globalAlpha = 0.5;
  context.strokeStyle = '#000';
  context.lineWidth = (strong ? 4.5 : 3.75) / view.scale;
  context.stroke(path);
  context.globalAlpha = 1;
  context.strokeStyle = object.color;
  context.lineWidth = (strong ? 2.5 : 2) / view.scale;
  context.stroke(path);
  // A light core keeps the outline apart from a photo of its own hue.
  context.globalAlpha = 0.6;
  context.strokeStyle = '#fff';
  context.lineWidth = 0.8 / view.scale;
  context.stroke(path);
  context.globalAlpha = 1;
}

/** The box of an object, dashed while the gateway has yet to answer it. */
export function drawBox(surface: Surface, box: Box, color: string, pending: boolean): void {
  const { context, view } = surface;
  onStage(surface);
  const corner = toStage(view, box);
  context.setLineDash(pending ? [6, 5] : []);
  for (const [style, width] of [
    ['rgb(0 0 0 / 55%)', 3],
    [color, 1.5],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.strokeRect(corner.x, corner.y, box.width * view.scale, box.height * view.scale);
  }
  context.setLineDash([]);
}

function drawSign(context: CanvasRenderingContext2D, { x, y }: Place, dot: Dot): void {
  context.strokeStyle = dot.label === 1 ? '#0d0e10' : '#fff';
  context.lineWidth = 1.6;
  context.beginPath();
  context.moveTo(x - 3, y);
  context.lineTo(x + 3, y);
  if (dot.label === 1) {
    context.moveTo(x, y - 3);
    context.lineTo(x, y + 3);
  }
  context.stroke();
}

/** A click: a plus in the object's colour, or a minus on dark; it pulses until it is answered. */
export function drawDot(surface: Surface, dot: Dot, color: string, strong: boolean): void {
  const { context, view, now } = surface;
  onStage(surface);
  const at = toStage(view, dot);
  const radius = strong ? 6.5 : 3.5;
  if (dot.pending) {
    const phase = (now % PULSE_MS) / PULSE_MS;
    context.globalAlpha = 0.75 * (1 - phase);
    context.strokeStyle = color;
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(at.x, at.y, radius + 3 + 13 * phase, 0, TURN);
    context.stroke();
    context.globalAlpha = 1;
  }
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, TURN);
  context.fillStyle = dot.label === 1 ? color : '#17181b';
  context.fill();
  context.strokeStyle = '#fff';
  context.lineWidth = strong ? 1.75 : 1.25;
  context.stroke();
  if (strong) drawSign(context, at, dot);
}

/** Where the keyboard aims. */
export function drawCrosshair(surface: Surface, place: Place): void {
  const { context, view } = surface;
  onStage(surface);
  const { x, y } = toStage(view, place);
  for (const [style, width] of [
    ['rgb(0 0 0 / 65%)', 4],
    ['#fff', 1.5],
  ] as const) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      context.moveTo(x + dx * 5, y + dy * 5);
      context.lineTo(x + dx * 16, y + dy * 16);
    }
    context.stroke();
  }
}

/** True while something of the object moves by itself. */
export function isMoving(object: ObjectView, age: number): boolean {
  const waiting = object.dots.some((dot) => dot.pending);
  return waiting || (object.result !== undefined && age < ARRIVAL_MS);
}
