/**
 * Which feature server an image belongs to: the one whose hash together with the image's name is
 * largest, then the next largest, and so on. All gateways come to the same order without asking
 * anybody; a server that leaves moves only its own images, and each to another one of the rest.
 *
 * Source: D. Thaler, C. Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996.
 */
import type { ServerId } from './ids.ts';
import { serverId } from './ids.ts';

/** The servers in the order in which they are to have the image. */
export function rankServers(image: string, servers: readonly ServerId[]): readonly ServerId[] {
  if (servers.length < 2) return servers;
  return servers
    .map((id) => ({ id, weight: hash32(`${id} ${image}`) }))
    .sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

/**
 * The name of the server at an address: the same on all gateways, short, and of no use to whoever
 * reads it in a metric or a problem and should not know where servers are.
 */
export function serverNamed(url: string): ServerId {
  const half = (text: string) => hash32(text).toString(16).padStart(8, '0');
  return serverId(`${half(url)}${half(`${url} `)}`.slice(0, 12));
}

/** FNV-1a, whose last step is mixed further: its high bits depend little on the last letters. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
