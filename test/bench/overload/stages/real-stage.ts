import type { Arm, SystemName } from '../arm.ts';
import type { Ledger } from '../load/ledger.ts';
import { MachineClock } from '../load/machine-clock.ts';
import type { Settings } from '../settings.ts';
import { scaledStub } from '../settings.ts';
import { StubProcess } from '../stub/process.ts';
import { startMaskwire } from '../systems/maskwire.ts';
import { startFifoQueue, startNaiveProxy } from '../systems/peers.ts';
import type { StartSystem } from '../systems/system.ts';
import type { Stage } from './stage.ts';

const START: Readonly<Record<SystemName, StartSystem>> = {
  Maskwire: startMaskwire,
  'FIFO queue': startFifoQueue,
  'naive proxy': startNaiveProxy,
};

/** Processes, sockets and the machine's clock. */
export class RealStage implements Stage {
  readonly clock: MachineClock;
  readonly #settings: Settings;
  readonly #opened = new AsyncDisposableStack();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.clock = new MachineClock(settings.speed);
  }

  async open(arm: Arm, ledger: Ledger) {
    const { sessions, objectsEach, gateways } = arm;
    const { capacity } = arm.stub;
    const options = scaledStub(arm.stub, this.#settings.speed);
    const stub = this.#opened.use(await StubProcess.start(options));
    const env = this.#settings.gatewayEnv(arm.env);
    const { clock } = this;
    const setting = { stub, ledger, clock, capacity, sessions, objectsEach, gateways, env };
    return { system: await START[arm.system](setting, this.#opened), stub };
  }

  drive<Result>(work: Promise<Result>): Promise<Result> {
    return work;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}
