/** A TCP proxy that can do to connections what networks do. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** `up` passes bytes, `down` refuses, `muted` keeps connections open and passes nothing. */
  set(mode: 'up' | 'down' | 'muted'): void;
  /** Ends every connection that is open now. */
  cut(): void;
}

export async function cuttingProxy(port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let mode: 'up' | 'down' | 'muted' = 'up';
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A reset is what this is for.
    socket.on('error', () => socket.destroy());
  };
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (bytes) => {
      if (mode === 'up') to.write(bytes);
    });
    from.on('end', () => to.end());
    from.on('close', () => to.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    if (mode === 'down') {
      client.destroy();
      return;
    }
    const gateway = connect(port, '127.0.0.1');
    keep(gateway);
    pass(client, gateway);
    pass(gateway, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    set: (next) => {
      mode = next;
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
