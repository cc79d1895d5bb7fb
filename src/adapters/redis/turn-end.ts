/** What is done at the end of a turn of the event loop, when everything that came in has been read. */

let asking: (() => void)[] = [];
let sending: (() => void)[] = [];
let isDue = false;

/** Before what was given in this turn is sent; what the task gives goes along. It must not throw. */
export function beforeSending(task: () => void): void {
  schedule();
  asking.push(task);
}

/** When nothing more is given in this turn. The task must not throw. */
export function whenSending(task: () => void): void {
  schedule();
  sending.push(task);
}

function schedule(): void {
  if (isDue) return;
  isDue = true;
  setImmediate(end);
}

function end(): void {
  // By index: tasks may bring others, which belong to this turn as well.
  for (let index = 0; index < asking.length; index += 1) asking[index]?.();
  for (let index = 0; index < sending.length; index += 1) sending[index]?.();
  asking = [];
  sending = [];
  isDue = false;
}
