/** The usual way with this stack: hono's own helper, one heartbeat timer a stream. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';

const app = new Hono().get('/', (context) =>
  streamSSE(context, async (stream) => {
    await stream.writeSSE({ event: 'opened', data: '{}' });
    while (!stream.aborted) {
      await stream.sleep(25_000);
      await stream.writeSSE({ event: 'heartbeat', data: '{}' });
    }
  }),
);
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`);
});
