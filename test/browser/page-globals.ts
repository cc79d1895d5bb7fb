/** What functions that run inside the page use of it; the tests themselves have no DOM types. */
export interface PageElement {
  readonly textContent: string | null;
  readonly value: string;
  readonly width: number;
  readonly height: number;
  readonly style: { getPropertyValue(name: string): string };
  getAttribute(name: string): string | null;
  querySelector(selector: string): PageElement | null;
  getContext(kind: '2d'): {
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  } | null;
}

/** The page's `globalThis`. */
export interface PageGlobals {
  readonly devicePixelRatio: number;
  readonly document: {
    readonly documentElement: { readonly scrollWidth: number; readonly clientWidth: number };
    querySelector(selector: string): PageElement | null;
    querySelectorAll(selector: string): Iterable<PageElement>;
  };
}

interface Transfer {
  readonly items: { add(file: object): void };
}

/** What dropping and pasting a file take. */
export interface DropGlobals {
  readonly ClipboardEvent: new (type: string, init: { readonly clipboardData: Transfer }) => object;
  readonly DataTransfer: new () => Transfer;
  readonly DragEvent: new (type: string, init: { readonly dataTransfer: Transfer }) => object;
  readonly File: new (
    parts: readonly Uint8Array[],
    name: string,
    options: { readonly type: string },
  ) => object;
  readonly dispatchEvent: (event: object) => boolean;
}

/** What holding a stream back takes. */
export interface StreamGlobals {
  readonly EventSource: {
    readonly prototype: {
      addEventListener(type: string, listener: (event: object) => void): void;
    };
  };
  /** Lets go what was held back, and everything after it. */
  letGo: () => void;
}
