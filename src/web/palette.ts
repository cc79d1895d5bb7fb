/** Ten colours that are told apart on most photos, also by most colour-blind eyes side by side. */
export const PALETTE = [
  '#4cc9f0',
  '#ff5fa2',
  '#b6ee4a',
  '#ff9f2e',
  '#a98bff',
  '#35e0a6',
  '#ff6b5e',
  '#ffe14d',
  '#6b97ff',
  '#e59cff',
] as const;

/** The colour in a slot; slots beyond the palette begin anew. */
export const colorOf = (slot: number): string => PALETTE[slot % PALETTE.length] ?? PALETTE[0];

/**
 * Gives every object a slot: those that had one keep it, new ones take the lowest that is free, so
 * that removing an object never recolours another.
 */
export function assignSlots(
  before: ReadonlyMap<string, number>,
  objectIds: readonly string[],
): ReadonlyMap<string, number> {
  const slots = new Map<string, number>();
  for (const id of objectIds) {
    const slot = before.get(id);
    if (slot !== undefined) slots.set(id, slot);
  }
  const taken = new Set(slots.values());
  for (const id of objectIds) {
    if (slots.has(id)) continue;
    let free = 0;
    while (taken.has(free)) free += 1;
    taken.add(free);
    slots.set(id, free);
  }
  return slots;
}
