import { VirtualClock } from '../../../sim/virtual-clock.ts';
import type { Arm, SystemName } from '../arm.ts';
import type { Ledger } from '../load/ledger.ts';
import { VirtualLoadClock } from '../load/virtual-load-clock.ts';
import type { Settings } from '../settings.ts';
import { Stub } from '../stub/stub.ts';
import type { Setting, System } from '../systems/system.ts';
import { startVirtualMaskwire } from '../systems/virtual-maskwire.ts';
import { startVirtualProxy, startVirtualQueue } from '../systems/virtual-peers.ts';
import type { Stage } from './stage.ts';

const START: Readonly<Record<SystemName, StartVirtual>> = {
  Maskwire: startVirtualMaskwire,
  'FIFO queue': async (setting, stub) => startVirtualQueue(setting, stub),
  'naive proxy': async (setting, stub) => startVirtualProxy(setting, stub),
};

type StartVirtual = (setting: Setting, stub: Stub, clock: VirtualClock) => Promise<System>;

/** Nothing that is driven takes as long. */
const PATIENCE_MS = 24 * 3_600_000;

/**
 * The gateway's own code, and models of its peers, on a virtual clock: no sockets, no processes, no
 * noise of the machine, the same figures each time. What it shows is the discipline alone.
 */
export class VirtualStage implements Stage {
  readonly clock: VirtualLoadClock;
  readonly #settings: Settings;
  readonly #clock = new VirtualClock();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.clock = new VirtualLoadClock(this.#clock);
  }

  async open(arm: Arm, ledger: Ledger) {
    const { sessions, objectsEach, gateways } = arm;
    const { capacity } = arm.stub;
    const stub = new Stub(arm.stub, this.#clock);
    const env = this.#settings.gatewayEnv(arm.env);
    const { clock } = this;
    const setting = { ledger, clock, capacity, sessions, objectsEach, gateways, env };
    return { system: await START[arm.system](setting, stub, this.#clock), stub };
  }

  async drive<Result>(work: Promise<Result>): Promise<Result> {
    let ended = false;
    // Whatever its end: it is looked at below.
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    void settled.then(() => {
      ended = true;
    });
    await this.#clock.run(PATIENCE_MS, () => ended);
    return await work;
  }

  /** What still waits for the clock waits for ever. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
