/** Wall, table and the shadows on it. */
import { fractalNoise, hash, valueNoise } from './noise.ts';
import type { Rgb } from './shading.ts';
import { mix, rgb, scaled, smoothstep } from './shading.ts';
import type { Painted } from './still-life.ts';

/** Where the table begins. */
const EDGE = 404;
const PLANK = 92;

function wall(x: number, y: number): Rgb {
  const glow = smoothstep(1040, 40, Math.hypot(x - 240, (y - 130) * 1.15));
  const plaster = 0.97 + 0.06 * fractalNoise(x / 90, y / 90, 101);
  return scaled(mix(rgb(0x8f8d88), rgb(0xd3cdc2), glow), plaster);
}

function wood(x: number, y: number): Rgb {
  // Grain grows coarser towards the viewer, as it does on a real table.
  const depth = 0.6 + (y - EDGE) / 420;
  const row = Math.floor((y - EDGE) / (PLANK * depth));
  const grain = fractalNoise(x / (210 * depth), y / (7 * depth), 111 + row * 7, 5);
  const streak = valueNoise(x / 420, y / (2.2 * depth), 131);
  const tone = 0.88 + 0.16 * hash(row, 3, 9);
  const base = mix(rgb(0x8d6847), rgb(0xa98461), smoothstep(0.25, 0.75, grain));
  const seam =
    smoothstep(1.6, 0.2, Math.abs((y - EDGE) / depth - row * PLANK)) * (row > 0 ? 0.4 : 0);
  const light = 0.8 + 0.45 * smoothstep(900, 120, Math.hypot(x - 330, (y - 520) * 1.5));
  return scaled(base, tone * light * (0.96 + 0.08 * streak) * (1 - seam));
}

/** How much light the things on the table leave at a point of it: 1 is all. */
function shade(x: number, y: number, things: readonly Painted[]): number {
  let light = 1;
  for (const { foot } of things) {
    const contact = Math.hypot((x - foot.x) / (foot.rx * 1.04), (y - foot.y) / (foot.ry * 1.15));
    light *= 1 - 0.5 * smoothstep(1.25, 0.55, contact);
    // The window is on the left: a long soft shadow to the right, swept from the foot.
    const reach = Math.hypot(
      (x - foot.x - foot.rx * 0.75) / (foot.rx * 1.55),
      (y - foot.y - foot.ry * 0.25) / (foot.ry * 1.7),
    );
    light *= 1 - 0.5 * smoothstep(1.2, 0.1, reach);
  }
  return light;
}

/** Linear colour of the empty scene with the shadows of `things`. */
export function backdrop(x: number, y: number, things: readonly Painted[]): Rgb {
  if (y < EDGE - 1) return scaled(wall(x, y), 1 - 0.22 * smoothstep(EDGE - 46, EDGE, y));
  const table = scaled(wood(x, y), shade(x, y, things));
  const lip = smoothstep(EDGE + 5, EDGE, y);
  return mix(table, rgb(0xb39372), lip * 0.6);
}
