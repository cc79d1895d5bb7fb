import { paths } from '../../src/protocol/routes.ts';
import type { Bench, Figure } from './support/figures.ts';
import { quantile } from './support/figures.ts';
import type { GatewayProcess } from './support/gateway-process.ts';
import { startGateway } from './support/gateway-process.ts';
import { openSession } from './support/session.ts';

const ROUNDS = 100;

/** A PNG that claims 2.5 gigapixels in its header. */
function hugePng(): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.alloc(4_096);
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex').copy(bytes);
  bytes.writeUInt32BE(50_000, 16);
  bytes.writeUInt32BE(50_000, 20);
  bytes.set([8, 2, 0, 0, 0], 24);
  return new Uint8Array(bytes);
}

interface Case {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

function cases(session: string): readonly Case[] {
  const json = 'application/json';
  return [
    {
      name: 'a PNG header of 50,000 × 50,000',
      path: paths.images(session),
      type: 'image/png',
      body: hugePng(),
    },
    { name: 'broken JSON', path: paths.clicks(session), type: json, body: '{"imageId": ' },
    {
      name: '200 KiB of nested arrays',
      path: paths.clicks(session),
      type: json,
      body: '['.repeat(200_000),
    },
    { name: 'an unknown field', path: paths.sessions, type: json, body: '{"nmae": "x"}' },
  ];
}

async function refuse(gateway: GatewayProcess, { path, type, body }: Case): Promise<number> {
  const startedAt = performance.now();
  const headers = { 'content-type': type };
  const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body });
  const problem = (await response.json()) as { code?: string };
  const tookMs = performance.now() - startedAt;
  if (response.ok || problem.code === undefined) throw new Error(`${path} was not refused`);
  return tookMs;
}

export const badInput: Bench = {
  name: 'bad input',
  caution: 'One request at a time; the first ones, which compile code, are counted too.',
  async run(): Promise<Figure[]> {
    await using gateway = await startGateway();
    const session = await openSession(gateway.url);
    const before = gateway.residentBytes();
    const figures: Figure[] = [];
    for (const one of cases(session)) {
      const times: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) times.push(await refuse(gateway, one));
      const name = `${one.name}, refused within, p99`;
      figures.push({ name, value: quantile(times, 0.99), unit: 'ms', target: { most: 100 } });
    }
    const growth = (gateway.residentBytes() - before) / 2 ** 20;
    figures.push({ name: `memory after ${4 * ROUNDS} refusals`, value: growth, unit: 'MiB' });
    return figures;
  },
};
