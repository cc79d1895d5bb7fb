/** Finding the parts of the page; a missing one is a mistake in the page, not a state of it. */

/** The first element that matches, of the type that is expected. */
export function find<Type extends Element>(
  selector: string,
  type: new () => Type,
  within: ParentNode = document,
): Type {
  const element = within.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
}

/** The element with that `data-testid`. */
export const byTestId = <Type extends Element>(
  id: string,
  type: new () => Type,
  within: ParentNode = document,
): Type => find(`[data-testid="${id}"]`, type, within);

/** A copy of the only element of a `<template>`. */
export function copyOf(templateId: string): HTMLElement {
  const template = find(`#${templateId}`, HTMLTemplateElement);
  const copy = template.content.firstElementChild?.cloneNode(true);
  if (!(copy instanceof HTMLElement)) throw new Error(`the template ${templateId} is empty`);
  return copy;
}

/** Hands a file to the person. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The click has been handled by then; the browser holds what it needs.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
