import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Command } from 'commander';
import type { Box, Point } from '../../core/prompt.ts';
import type { SegmentState } from '../../protocol/bodies.ts';
import type { SegmentCompletedPayload } from '../../protocol/events.ts';
import { paths, QUERY } from '../../protocol/routes.ts';
import { httpUrl } from '../config/variable.ts';
import { loadConfig, processEnvironment } from '../config.ts';
import { argument, repeated } from './arguments.ts';
import { CommandError, EXIT } from './command-error.ts';
import { GatewayApi } from './gateway-api.ts';
import { box, point } from './prompt-options.ts';

/** How long one request is held by the gateway (A17). */
const HELD_SECONDS = 30;
/** A mask that takes longer than this many held requests does not come. */
const MAX_REQUESTS = 10;

interface Options {
  readonly point?: readonly Point[];
  readonly box?: Box;
  readonly output?: string;
  readonly overlay?: string;
  readonly json?: boolean;
  readonly url?: string;
}

/** `maskwire segment`: one picture, one prompt, one mask. */
export function segmentCommand(): Command {
  return new Command('segment')
    .description('Outline one object in a picture')
    .argument('<picture>', 'JPEG, PNG, WebP, AVIF, GIF or TIFF file')
    .option(
      '--point <x,y[,0]>',
      'a pixel on the object, or with ,0 beside it; repeatable',
      repeated(point),
    )
    .option('--box <x,y,w,h>', 'a rectangle around the object', argument(box))
    .option('-o, --output <file>', 'where the mask goes, a grey PNG (default: mask.png)')
    .option('--overlay <file>', 'the picture with the mask drawn over it, a PNG')
    .option('--json', 'print the whole answer; writes no mask unless -o is given')
    .option(
      '--url <url>',
      'a running gateway; without it one is started for this',
      argument(httpUrl),
    )
    .addHelpText(
      'after',
      '\nExample:\n  maskwire segment photo.jpg --point 120,80 --point 10,10,0 -o mask.png --overlay seen.png',
    )
    .action(runSegment);
}

async function runSegment(file: string, options: Options): Promise<void> {
  if (options.point === undefined && options.box === undefined) {
    throw new CommandError('say where the object is: --point x,y or --box x,y,width,height.', {
      exitCode: EXIT.usage,
    });
  }
  const picture = await readPicture(file);
  const answer = await withGateway(options.url, (api) => segment(api, file, picture, options));
  const { result, problem, status } = answer;
  if (result === undefined) {
    throw new CommandError(problem?.detail ?? `the click ended as ${status}.`);
  }
  // Loaded when it is needed: a mistyped option should not wait for image codecs.
  const { drawMask, drawOverlay } = await import('./draw.ts');
  const output = options.output ?? (options.json === true ? undefined : 'mask.png');
  if (output !== undefined) await write(output, await drawMask(result.mask));
  if (options.overlay !== undefined) {
    await write(options.overlay, await drawOverlay(picture, result.mask));
  }
  if (options.json === true) console.log(JSON.stringify(answer));
  else console.log(`${output}: ${summary(result)}`);
}

async function readPicture(file: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CommandError(`cannot read ${file}${codeOf(error)}.`, { cause: error });
  }
}

async function write(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes);
  } catch (error) {
    throw new CommandError(`cannot write ${file}${codeOf(error)}.`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
}

/** The gateway at `url`, or one that lives as long as the work does. */
async function withGateway<Result>(
  url: string | undefined,
  work: (api: GatewayApi) => Promise<Result>,
): Promise<Result> {
  if (url !== undefined) return await work(new GatewayApi(url));
  const env = processEnvironment();
  const own = {
    ...{ HOST: '127.0.0.1', PORT: '0', MASKWIRE_LOG_LEVEL: 'error', MASKWIRE_SELF_URL: '' },
    // What lives for one mask is nobody else's business.
    ...{ REDIS_URL: '', BLOB_DIR: '' },
  };
  const { serve } = await import('../serve.ts');
  const gateway = await serve(loadConfig({ ...env, ...own }).config);
  try {
    return await work(new GatewayApi(gateway.url));
  } finally {
    await gateway.close();
  }
}

async function segment(
  api: GatewayApi,
  file: string,
  picture: Buffer<ArrayBuffer>,
  { point: points, box }: Options,
): Promise<SegmentState> {
  const form = new FormData();
  const request = { ...(points && { points }), ...(box && { box }) };
  form.set('request', new Blob([JSON.stringify(request)], { type: 'application/json' }));
  form.set('image', new Blob([picture]), basename(file));
  const response = await api.request(paths.segment, { method: 'POST', body: form });
  const first = (await response.json()) as SegmentState;
  try {
    return await untilEnded(api, first);
  } finally {
    await forget(api, first);
  }
}

async function untilEnded(api: GatewayApi, first: SegmentState): Promise<SegmentState> {
  let state = first;
  const { sessionId, clickId } = first;
  const path = `${paths.click(sessionId, clickId)}?${QUERY.wait}=${HELD_SECONDS}`;
  for (let i = 0; i < MAX_REQUESTS && isPending(state); i++) {
    state = { ...((await (await api.request(path)).json()) as SegmentState), sessionId };
  }
  if (isPending(state)) throw new CommandError('the mask did not come in time.');
  return state;
}

const isPending = ({ status }: SegmentState) => status === 'queued' || status === 'running';

/** The session was made for this one mask; a gateway that goes on need not keep it for a day. */
async function forget(api: GatewayApi, { sessionId }: SegmentState): Promise<void> {
  await api.request(paths.session(sessionId), { method: 'DELETE' }).catch(() => {});
}

function summary({ mask, area, score, model, timings }: SegmentCompletedPayload): string {
  const [height, width] = mask.size;
  const percent = ((100 * area) / (width * height)).toFixed(1);
  return `${percent} % of ${width} × ${height} pixels, score ${score.toFixed(2)}, ${model}, ${timings.totalMs} ms`;
}
