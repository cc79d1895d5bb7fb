import { openMemoryEngine } from '../../src/adapters/memory/engine.ts';
import { ProblemError } from '../../src/core/problem.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { Conditions } from './conditions.ts';
import { drawConditions } from './conditions.ts';
import { CALM, FaultyFeatureServer } from './faulty-feature-server.ts';
import { LosableQueue } from './losable-queue.ts';
import type { SimulatedServer } from './process.ts';
import { SimulatedProcess } from './process.ts';
import type { Report } from './report.ts';
import { judge } from './report.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimulatedUser } from './simulated-user.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The whole service on a virtual clock: gateways, users, readers and a server, with seeded faults. */
export class World {
  readonly #clock = new VirtualClock();
  readonly #random: SeededRandom;
  readonly #conditions: Conditions;
  readonly #engine: Engine;
  readonly #pool: LosableQueue;
  readonly #servers: readonly SimulatedServer[];
  readonly #users: SimulatedUser[] = [];
  readonly #errors: string[] = [];
  #processes: SimulatedProcess[] = [];
  #busy = true;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#conditions = drawConditions(this.#random);
    const { settings, limit, servers, faults } = this.#conditions;
    this.#pool = new LosableQueue(this.#clock, limit, settings.leaseMs);
    this.#engine = { ...openMemoryEngine({ settings }), queue: this.#pool.port };
    this.#servers = servers.map((id) => {
      return { id, server: new FaultyFeatureServer(this.#clock, this.#random, limit, faults) };
    });
  }

  /** Plays some seconds with faults, lets everything come to rest without them, and judges. */
  async play(): Promise<Report> {
    this.#processes = Array.from({ length: this.#random.between(1, 2) }, () => this.#spawn());
    const life = this.#live();
    await this.#clock.run(120_000, () => !this.#busy);
    await life;
    await this.#settle();
    const report = judge(this.#users, this.#servers, this.#conditions.limit);
    return { ...report, errors: [...this.#errors, ...report.errors] };
  }

  #spawn(): SimulatedProcess {
    const { settings, mortal } = this.#conditions;
    return new SimulatedProcess(
      this.#engine,
      this.#servers,
      this.#clock,
      this.#random,
      settings,
      mortal,
    );
  }

  #alive(): SimulatedProcess {
    return this.#random.pick(this.#processes);
  }

  async #live(): Promise<void> {
    const surroundings = {
      clock: this.#clock,
      random: this.#random,
      engine: this.#engine,
      gateway: () => this.#alive().gateway,
    };
    const sessions = this.#random.between(1, 3);
    for (let index = 0; index < sessions; index += 1) {
      this.#users.push(await SimulatedUser.open(surroundings, index));
    }
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

  async #act(user: SimulatedUser): Promise<void> {
    const { gateway } = this.#alive();
    const dice = this.#random.uniform();
    if (dice < 0.55) return await user.click();
    if (dice < 0.65) return await user.undo();
    if (dice < 0.68) return await gateway.objects.remove(user.facts, user.object());
    if (dice < 0.72) return void (await gateway.objects.retry(user.facts, user.object()));
    if (dice < 0.74) return await user.replaceImage(gateway);
    if (dice < 0.84) return user.disturbReader();
    if (dice < 0.9 && this.#conditions.mortal) return this.#disturbGateway();
    if (dice < 0.904) return await gateway.sessions.remove(user.facts.sessionId);
    if (dice < 0.95) return this.#disturbServer();
    return void (await gateway.sessions.enter(user.facts.sessionId));
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
    for (const user of this.#users) user.reconnect();
  }

  /** No more faults: whatever was accepted must end, and every reader must catch up. */
  async #settle(): Promise<void> {
    for (const { server } of this.#servers) server.faults = CALM;
    // L7: nobody uses the sessions any more; what was left behind is found all the same.
    await this.#clock.run(70_000);
    this.#reconnectAll();
    await this.#clock.run(10_000);
  }
}
