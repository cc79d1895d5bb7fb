import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import { ONLY_SERVER } from '../../src/core/burst/server-set.ts';
import { imageId, objectId, serverId, tenant } from '../../src/core/ids.ts';
import { ProblemError } from '../../src/core/problem.ts';
import type { GatewaySettings } from '../../src/gateway/settings.ts';
import { DEFAULT_SETTINGS } from '../../src/gateway/settings.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type { SessionFacts } from '../../src/ports/session-store.ts';
import { checkCaughtUp, checkDense, checkEndings, checkReader } from './check-history.ts';
import type { Faults } from './faulty-feature-server.ts';
import { CALM, FaultyFeatureServer } from './faulty-feature-server.ts';
import { LosableQueue } from './losable-queue.ts';
import type { SimulatedServer } from './process.ts';
import { SimulatedProcess } from './process.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedReader } from './simulated-reader.ts';
import { VirtualClock } from './virtual-clock.ts';

const IMAGE = { width: 16, height: 12 };
const SERVERS = [ONLY_SERVER, serverId('second'), serverId('third')];
const OBJECTS = ['left', 'right', 'top'];

/** One session's user: what it was told, and what really happened. */
interface User {
  readonly facts: SessionFacts;
  readonly image: ReturnType<typeof imageId>;
  readonly truth: LoggedEvent[];
  readonly acknowledged: Set<string>;
  readonly readers: SimulatedReader[];
}

export interface Report {
  readonly errors: readonly string[];
  readonly clicks: number;
  readonly events: number;
  readonly calls: number;
}

/** The whole service on a virtual clock: gateways, users, readers and a server, with seeded faults. */
export class World {
  readonly #clock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #settings: GatewaySettings;
  readonly #engine: Engine;
  readonly #pool: LosableQueue;
  readonly #servers: readonly SimulatedServer[];
  readonly #limit: number;
  readonly #users: User[] = [];
  readonly #errors: string[] = [];
  #processes: SimulatedProcess[] = [];
  /** Gateways die and stall; otherwise the sweep is switched off, since nothing may need it. */
  readonly #mortal: boolean;
  #busy = true;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const random = this.#random;
    this.#settings = {
      ...DEFAULT_SETTINGS,
      historyEvents: random.chance(0.3) ? random.between(3, 12) : 1_000,
      heartbeatMs: 2_000,
      stallMs: 3_000,
      leaseMs: 4_000,
      callTimeoutMs: 2_500,
      encodeTimeoutMs: 2_500,
      maxWaitMs: random.chance(0.3) ? 800 : 60_000,
    };
    this.#limit = random.between(1, 4);
    this.#mortal = random.chance(0.7);
    this.#pool = new LosableQueue(this.#clock, this.#limit, this.#settings.leaseMs);
    const engine = openMemoryEngine({ settings: this.#settings });
    this.#engine = { ...engine, queue: this.#pool.port };
    const ids = SERVERS.slice(0, random.chance(0.5) ? 1 : random.between(2, 3));
    const faults = this.#faults();
    this.#servers = ids.map((id) => {
      return { id, server: new FaultyFeatureServer(this.#clock, random, this.#limit, faults) };
    });
  }

  /** Plays some seconds with faults, lets everything come to rest without them, and judges. */
  async play(): Promise<Report> {
    this.#processes = Array.from({ length: this.#random.between(1, 2) }, () => this.#spawn());
    const life = this.#live();
    await this.#clock.run(120_000, () => !this.#busy);
    await life;
    await this.#settle();
    return this.#judge();
  }

  #faults(): Faults {
    const random = this.#random;
    const some = (most: number) => (random.chance(0.4) ? random.uniform() * most : 0);
    return {
      hang: some(0.2),
      fail: some(0.5),
      late: some(0.3),
      busy: some(0.3),
      forget: some(0.2),
      reject: some(0.1),
      busyPhases: some(0.5),
      slowPhases: some(0.5),
    };
  }

  #spawn(): SimulatedProcess {
    return new SimulatedProcess(
      this.#engine,
      this.#servers,
      this.#clock,
      this.#random,
      this.#settings,
      this.#mortal,
    );
  }

  #alive(): SimulatedProcess {
    return this.#random.pick(this.#processes);
  }

  async #live(): Promise<void> {
    const sessions = this.#random.between(1, 3);
    for (let index = 0; index < sessions; index += 1) await this.#open(index);
    const steps = this.#random.between(10, 40);
    for (let step = 0; step < steps; step += 1) {
      await this.#clock.sleep(this.#random.chance(0.5) ? 0 : this.#random.between(1, 700));
      // Not awaited: users do not wait for each other, and a killed gateway never answers.
      this.#act(this.#random.pick(this.#users)).catch((error: unknown) => {
        if (!(error instanceof ProblemError)) this.#errors.push(`unexpected: ${String(error)}`);
        else if (error.code === 'internal') this.#errors.push(`internal: ${error.message}`);
      });
    }
    this.#busy = false;
  }

  async #open(index: number): Promise<void> {
    const { gateway } = this.#alive();
    const created = await gateway.sessions.create({
      tenant: tenant('default'),
      subject: 'anonymous',
    });
    const facts = await gateway.sessions.enter(created.sessionId);
    const truth: LoggedEvent[] = [];
    const known = await this.#engine.log.read(facts.sessionId, { epoch: 0, sequence: 0 }, 10);
    truth.push(...(known?.events ?? []));
    await this.#engine.log.subscribe(facts.sessionId, {
      appended: (events) => truth.push(...events),
      passing: () => {},
    });
    const image = imageId(`sha256-${'0'.repeat(63)}${this.#random.chance(0.5) ? 0 : index}`);
    const user = { facts, image, truth, acknowledged: new Set<string>(), readers: [] };
    this.#users.push(user);
    await this.#addImage(user);
    for (let reader = this.#random.between(1, 3); reader > 0; reader -= 1) this.#addReader(user);
  }

  async #addImage(user: User): Promise<void> {
    const bytes = new Uint8Array(8);
    const { gateway } = this.#alive();
    await gateway.images.add(user.facts, {
      image: { id: user.image, bytes, contentType: 'image/png', ...IMAGE },
    });
  }

  #addReader(user: User): void {
    const streams = () => this.#alive().gateway.streams;
    const reader = new SimulatedReader(user.facts, this.#clock, this.#random, streams);
    user.readers.push(reader);
    void reader.connect();
  }

  async #act(user: User): Promise<void> {
    const { gateway } = this.#alive();
    const dice = this.#random.uniform();
    if (dice < 0.55) return await this.#click(user);
    if (dice < 0.65) return await this.#undo(user);
    if (dice < 0.68) return await gateway.objects.remove(user.facts, this.#object());
    if (dice < 0.72) return void (await gateway.objects.retry(user.facts, this.#object()));
    if (dice < 0.74) {
      await gateway.images.remove(user.facts, user.image);
      return await this.#addImage(user);
    }
    if (dice < 0.84) return this.#disturbReader(user);
    if (dice < 0.9 && this.#mortal) return this.#disturbGateway();
    if (dice < 0.904) return await gateway.sessions.remove(user.facts.sessionId);
    if (dice < 0.95) return this.#disturbServer();
    return void (await gateway.sessions.enter(user.facts.sessionId));
  }

  async #click(user: User): Promise<void> {
    const random = this.#random;
    const x = random.below(IMAGE.width);
    const y = random.below(IMAGE.height);
    const label = random.chance(0.8) ? (1 as const) : (0 as const);
    const key = random.token(9);
    const input = {
      imageId: user.image,
      objectId: this.#object(),
      points: [{ x, y, label }],
      idempotency: { key, fingerprint: 'same' },
    };
    const post = async () => {
      const { gateway } = this.#alive();
      const { accepted } = await gateway.clicks.submit(user.facts, input);
      user.acknowledged.add(accepted.clickId);
    };
    // The same POST twice: a user's double click, or a retry whose first answer was lost.
    if (random.chance(0.15)) await Promise.all([post(), post()]);
    else await post();
  }

  async #undo(user: User): Promise<void> {
    const clicks = [...user.acknowledged];
    if (clicks.length === 0) return;
    const { gateway } = this.#alive();
    const id = this.#random.pick(clicks) as Parameters<typeof gateway.clicks.undo>[1];
    await gateway.clicks.undo(user.facts, id);
  }

  #object() {
    return objectId(this.#random.pick(OBJECTS));
  }

  #disturbReader(user: User): void {
    const reader = this.#random.pick(user.readers);
    if (this.#random.chance(0.3)) reader.fallAsleep();
    else reader.cut();
    this.#clock.after(this.#random.between(0, 4_000), () => {
      reader.cut();
      void reader.connect();
    });
  }

  /** Its process ends, and is started again. */
  #disturbServer(): void {
    const { server } = this.#random.pick(this.#servers);
    server.leave();
    this.#clock.after(this.#random.between(100, 8_000), () => server.comeBack());
  }

  #disturbGateway(): void {
    const process = this.#alive();
    if (this.#random.chance(0.1)) {
      this.#pool.lose();
      return;
    }
    if (this.#random.chance(0.6)) {
      process.stall(this.#random.between(100, 6_000));
      return;
    }
    // Asked to end, it hands over what it has; killed, it leaves everything as it is.
    if (this.#random.chance(0.4)) void process.gateway.drain().then(() => process.kill());
    else process.kill();
    this.#processes = this.#processes.filter((other) => other !== process);
    if (this.#processes.length === 0) this.#processes.push(this.#spawn());
    this.#reconnectAll();
  }

  /** The kernel closed the dead gateway's connections; which reader had which does not matter. */
  #reconnectAll(): void {
    for (const user of this.#users) {
      for (const reader of user.readers) {
        reader.cut();
        this.#clock.after(this.#random.between(0, 2_000), () => {
          reader.cut();
          void reader.connect();
        });
      }
    }
  }

  /** No more faults: whatever was accepted must end, and every reader must catch up. */
  async #settle(): Promise<void> {
    for (const { server } of this.#servers) server.faults = CALM;
    // L7: nobody uses the sessions any more; what was left behind is found all the same.
    await this.#clock.run(70_000);
    this.#reconnectAll();
    await this.#clock.run(10_000);
  }

  #judge(): Report {
    const errors = [...this.#errors];
    for (const [index, user] of this.#users.entries()) {
      errors.push(...checkDense(user.truth), ...checkEndings(user.truth, user.acknowledged));
      for (const [number, reader] of user.readers.entries()) {
        const name = `reader ${index}.${number}`;
        errors.push(...checkReader(name, reader.seen, user.truth));
        if (user.truth.at(-1)?.type !== 'session.closed') {
          errors.push(...checkCaughtUp(name, reader.seen, user.truth));
        }
      }
    }
    for (const { id, server } of this.#servers) {
      if (server.mostOpen <= this.#limit) continue;
      errors.push(`B6: ${server.mostOpen} calls open at ${id}, ${this.#limit} allowed`);
    }
    return {
      errors,
      clicks: this.#users.reduce((sum, user) => sum + user.acknowledged.size, 0),
      events: this.#users.reduce((sum, user) => sum + user.truth.length, 0),
      calls: this.#servers.reduce((sum, { server }) => sum + server.calls, 0),
    };
  }
}
