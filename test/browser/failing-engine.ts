/** A feature server that refuses until it is told to answer. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Size } from '../../src/core/prompt.ts';
import { encodeMask } from '../../src/core/rle.ts';
import type { FeatureServerInfo, SegmentResponse } from '../../src/protocol/feature-server.ts';
import { FEATURE_ROUTES } from '../../src/protocol/feature-server.ts';

export interface FailingEngine extends AsyncDisposable {
  readonly url: string;
  /** From now on every prompt is answered with this mask. */
  answerWith(mask: Uint8Array, size: Size): void;
}

const INFO: FeatureServerInfo = {
  name: 'failing',
  version: '1',
  models: ['failing-1'],
  concurrency: 1,
  encode: false,
  cancellable: true,
  maxImageBytes: 5 * 1024 * 1024,
};

export async function failingEngine(): Promise<FailingEngine> {
  let answer: SegmentResponse | undefined;
  const server = createServer((request, response) => {
    const send = (status: number, body: object): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    request.resume();
    request.on('end', () => {
      if (request.url === FEATURE_ROUTES.info) send(200, INFO);
      else if (request.url === FEATURE_ROUTES.health) send(200, {});
      else if (answer === undefined) send(422, { detail: 'not this one' });
      else send(200, answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the engine has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    answerWith: (mask, size) => {
      const rle = encodeMask(mask, size);
      answer = { mask: { format: 'coco_rle', ...rle }, score: 0.9, model: 'failing-1' };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
