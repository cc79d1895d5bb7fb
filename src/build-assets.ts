/** Copies what the compiler does not (pages, styles) from `src` to `dist`, keeping the folders. */
import { cpSync } from 'node:fs';

const ASSET = /\.(html|css|svg|json|lua)$/;

cpSync('src', 'dist', {
  recursive: true,
  filter: (path) => !/\.[^/]+$/.test(path) || ASSET.test(path),
});
