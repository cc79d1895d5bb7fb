/**
 * The shortest way: every click is a call of the feature server, at once, and its answer is the mask.
 * The address of the feature server is the argument; prints its own.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { FEATURE_ROUTES } from '../../../src/protocol/feature-server.ts';

const target = `${process.argv[2]}${FEATURE_ROUTES.segment}`;
// As many connections as there are calls, for as long as they take.
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

const server = createServer((incoming, response) => {
  forward(incoming, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
process.stdin.on('close', () => process.exit()).resume();

async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await request(target, { method: 'POST', body: incoming, dispatcher });
  response.writeHead(answer.statusCode, { 'content-type': 'application/json' });
  response.end(await answer.body.text());
}
