/** Kinds of image that are taken (A9), by the bytes that they begin with. */

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, to));

const startsWith = (bytes: Uint8Array, ...start: readonly number[]): boolean =>
  bytes.length > start.length && start.every((byte, i) => bytes[i] === byte);

const KINDS: readonly (readonly [type: string, test: (bytes: Uint8Array) => boolean])[] = [
  ['image/jpeg', (bytes) => startsWith(bytes, 0xff, 0xd8, 0xff)],
  ['image/png', (bytes) => startsWith(bytes, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['image/webp', (bytes) => ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP'],
  ['image/gif', (bytes) => /^GIF8[79]a$/.test(ascii(bytes, 0, 6))],
  [
    'image/tiff',
    (bytes) => startsWith(bytes, 0x49, 0x49, 0x2a, 0) || startsWith(bytes, 0x4d, 0x4d, 0, 0x2a),
  ],
  // The container is shared with HEIC, whose decoders are not shipped: the decoder has the last word.
  ['image/avif', (bytes) => ascii(bytes, 4, 8) === 'ftyp' && /avi[fs]/.test(ascii(bytes, 8, 64))],
];

/** The media type that the content shows; `undefined` for anything that is not taken. */
export function sniffImageType(bytes: Uint8Array): string | undefined {
  return KINDS.find(([, test]) => test(bytes))?.[0];
}
