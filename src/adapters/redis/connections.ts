import type { Logger } from '../../ports/system.ts';
import { RedisLink } from './link.ts';
import type { RedisAddress } from './redis-url.ts';
import { RedisSubscriber } from './subscriber.ts';
import { openTopology } from './topology/open.ts';
import type { Topology } from './topology/topology.ts';

/** Requests are answered or have failed within a second, whatever has happened to Redis. */
const COMMAND_DEADLINE_MS = 800;
/** A script runs for milliseconds: a link that owes replies and is silent for this long is dead. */
export const COMMAND_SILENCE_MS = 3_000;
/** A blob of 5 MB on a slow link. */
const BLOB_DEADLINE_MS = 10_000;
const BLOB_SILENCE_MS = 8_000;

/**
 * The connections of a gateway to each primary, by role, so that none delays another: scripts and
 * short commands; what is listened to; and megabytes.
 */
export interface RedisConnections extends AsyncDisposable {
  readonly topology: Topology;
  readonly commands: RedisLink;
  readonly subscriber: RedisSubscriber;
  readonly blobs: RedisLink;
}

/** Begins to connect; {@link RedisLink.ready} tells when that is done. */
export function openConnections(options: {
  readonly address: RedisAddress;
  readonly log: Logger;
}): RedisConnections {
  const { address, log } = options;
  const topology = openTopology(address, log);
  const link = {
    ...{ address, topology, log },
    deadlineMs: COMMAND_DEADLINE_MS,
    silenceMs: COMMAND_SILENCE_MS,
  };
  const commands = new RedisLink({ ...link, name: 'maskwire-commands' });
  const subscriber = new RedisSubscriber({ ...link, name: 'maskwire-subscriber' });
  const blobs = new RedisLink({
    ...link,
    name: 'maskwire-blobs',
    deadlineMs: BLOB_DEADLINE_MS,
    silenceMs: BLOB_SILENCE_MS,
  });
  return {
    topology,
    commands,
    subscriber,
    blobs,
    [Symbol.asyncDispose]: async () => {
      await topology[Symbol.asyncDispose]();
      await Promise.all([
        commands[Symbol.asyncDispose](),
        subscriber[Symbol.asyncDispose](),
        blobs[Symbol.asyncDispose](),
      ]);
    },
  };
}
