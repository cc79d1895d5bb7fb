/** Says things to the person: toasts to see, a live region to hear. */
import { MaskwireError } from '../client/index.ts';
import { byTestId, copyOf, find } from './dom.ts';

const SHOWN_MS = 7_000;
const MOST = 3;

export interface Messages {
  /** A sentence that goes away by itself. */
  readonly say: (text: string) => void;
  /** What went wrong, in the words of whoever refused it. */
  readonly fail: (error: unknown) => void;
  /** For those who listen to the page. */
  readonly announce: (text: string) => void;
}

/** The sentence for a failure. */
export function sentenceOf(error: unknown): string {
  if (error instanceof MaskwireError) return error.message;
  return error instanceof Error ? error.message : 'Something went wrong.';
}

export function makeMessages(): Messages {
  const list = byTestId('toasts', HTMLElement);
  const announcer = byTestId('announcer', HTMLElement);
  const show = (text: string, tone: 'error' | 'info'): void => {
    const same = [...list.children].find((toast) => toast.firstElementChild?.textContent === text);
    same?.remove();
    const toast = copyOf('toast');
    toast.dataset['tone'] = tone;
    toast.setAttribute('role', tone === 'error' ? 'alert' : 'status');
    find('p', HTMLElement, toast).textContent = text;
    find('button', HTMLElement, toast).addEventListener('click', () => toast.remove());
    list.append(toast);
    while (list.children.length > MOST) list.firstElementChild?.remove();
    setTimeout(() => toast.remove(), SHOWN_MS);
  };
  return {
    say: (text) => show(text, 'info'),
    fail: (error) => show(sentenceOf(error), 'error'),
    announce: (text) => {
      announcer.textContent = text;
    },
  };
}
