import { openMemoryEngine } from '../../../../src/adapters/memory/engine.ts';
import { createTaskRunner } from '../../../../src/adapters/system/task-runner.ts';
import { loadConfig } from '../../../../src/app/config.ts';
import { ONLY_SERVER } from '../../../../src/core/burst/server-set.ts';
import { imageId, objectId, tenant } from '../../../../src/core/ids.ts';
import { ProblemError } from '../../../../src/core/problem.ts';
import type { Gateway } from '../../../../src/gateway/gateway.ts';
import { openGateway } from '../../../../src/gateway/gateway.ts';
import type { Engine } from '../../../../src/ports/engine.ts';
import type { LoggedEvent } from '../../../../src/ports/event-log.ts';
import type { SessionFacts } from '../../../../src/ports/session-store.ts';
import { noMetrics, silentLog } from '../../../sim/process.ts';
import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { VirtualClock } from '../../../sim/virtual-clock.ts';
import type { Click } from '../load/ledger.ts';
import { boxOf, IMAGE } from '../stub/prompt-name.ts';
import type { Stub } from '../stub/stub.ts';
import type { Setting, System } from './system.ts';
import { virtualFeatureServer } from './virtual-feature-server.ts';

const PICTURE = imageId(`sha256-${'0'.repeat(64)}`);

/** What is a 429 on the wire. */
const TOO_MUCH: ReadonlySet<string> = new Set(['overloaded', 'rate_limited']);

/** Gateways without sockets on one engine in memory; time passes only where they wait. */
export async function startVirtualMaskwire(
  setting: Setting,
  stub: Stub,
  clock: VirtualClock,
): Promise<System> {
  const settings = loadConfig(setting.env).config.gateway;
  const engine = openMemoryEngine({ settings });
  const gateways = Array.from({ length: setting.gateways }, (_, index) =>
    openGateway(
      {
        engine,
        features: [{ id: ONLY_SERVER, server: virtualFeatureServer(stub) }],
        clock,
        random: new SeededRandom(index),
        log: silentLog,
        metrics: noMetrics,
        runner: createTaskRunner(Number.POSITIVE_INFINITY),
        verifyUrl: () => true,
      },
      { ...settings, featureConcurrency: setting.capacity },
    ),
  );
  const people: VirtualPerson[] = [];
  while (people.length < setting.sessions) {
    people.push(await VirtualPerson.open(setting, engine, gateways, people.length));
  }
  return { click: (click) => people[Math.floor(click.object / setting.objectsEach)]?.click(click) };
}

class VirtualPerson {
  readonly #setting: Setting;
  readonly #gateways: readonly Gateway[];
  readonly #facts: SessionFacts;
  readonly #made = new Map<string, Click>();
  readonly #clicks = new Map<string, Click>();
  #turn: number;

  private constructor(
    setting: Setting,
    gateways: readonly Gateway[],
    facts: SessionFacts,
    turn: number,
  ) {
    this.#setting = setting;
    this.#gateways = gateways;
    this.#facts = facts;
    this.#turn = turn;
  }

  static async open(
    setting: Setting,
    engine: Engine,
    gateways: readonly Gateway[],
    turn: number,
  ): Promise<VirtualPerson> {
    const gateway = gateways[turn % gateways.length];
    if (gateway === undefined) throw new Error('there is no gateway');
    const owner = { tenant: tenant('default'), subject: 'anonymous' };
    const { sessionId } = await gateway.sessions.create(owner);
    const facts = await gateway.sessions.enter(sessionId);
    const image = { id: PICTURE, bytes: new Uint8Array(8), contentType: 'image/png', ...IMAGE };
    await gateway.images.add(facts, { image });
    const person = new VirtualPerson(setting, gateways, facts, turn);
    await engine.log.subscribe(sessionId, {
      appended: (events) => {
        for (const event of events) person.#take(event);
      },
      passing: () => {},
    });
    return person;
  }

  click(click: Click): void {
    const { ledger, clock } = this.#setting;
    this.#submit(click).catch((error: unknown) => {
      const refused = error instanceof ProblemError && TOO_MUCH.has(error.code);
      ledger.ended(click, refused ? 'refused' : 'failed', clock.now());
    });
  }

  async #submit(click: Click): Promise<void> {
    this.#turn += 1;
    this.#made.set(String(click.id), click);
    const gateway = this.#gateways[this.#turn % this.#gateways.length];
    const submitted = await gateway?.clicks.submit(this.#facts, {
      imageId: PICTURE,
      objectId: objectId(`o${click.object}`),
      points: [],
      box: boxOf(click.object, click.index),
      clientRef: String(click.id),
    });
    const etaMs = submitted?.accepted.queue.etaMs;
    if (etaMs !== undefined) click.eta = { atMs: this.#setting.clock.now(), etaMs };
  }

  #take({ type, payload }: LoggedEvent): void {
    const { ledger, clock } = this.#setting;
    switch (type) {
      case 'click.accepted': {
        const click = this.#made.get(payload.clientRef ?? '');
        if (click !== undefined) this.#clicks.set(payload.clickId, click);
        break;
      }
      case 'segment.completed':
        ledger.masked(this.#known(payload.covers), clock.now());
        break;
      case 'segment.failed':
        for (const click of this.#known(payload.covers)) ledger.ended(click, 'failed', clock.now());
        break;
      default:
    }
  }

  #known(ids: readonly string[]): readonly Click[] {
    return ids.flatMap((id) => this.#clicks.get(id) ?? []);
  }
}
