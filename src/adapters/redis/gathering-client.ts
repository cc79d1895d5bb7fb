import { Redis } from 'ioredis';
import { whenSending } from './turn-end.ts';

/**
 * Sends the commands of one turn of the event loop together. ioredis writes each by itself, and at
 * load those system calls cost a gateway more than anything else that it does.
 */
export class GatheringClient extends Redis {
  #gathering: Redis['stream'] | undefined;

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    this.#gather();
    return super.sendCommand(...args);
  }

  /**
   * A TLS handshake that is broken off may fail twice, and ioredis listens once: what nobody listens to
   * would end the process.
   */
  override disconnect(reconnect?: boolean): void {
    const { stream } = this;
    stream?.on('error', () => undefined);
    super.disconnect(reconnect);
  }

  #gather(): void {
    const { stream } = this;
    // None before the first connection; a new one after each loss.
    if (stream === undefined || stream === this.#gathering) return;
    this.#gathering = stream;
    stream.cork();
    whenSending(() => {
      if (this.#gathering === stream) this.#gathering = undefined;
      stream.uncork();
    });
  }
}
