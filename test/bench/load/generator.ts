/** The process that clicks: told what to do by {@link file://./load-process.ts}. */
import { ClickSource } from './click-source.ts';
import type { Order, Report } from './load-process.ts';

/** Of what is under way when a load ends. */
const DRAIN_MS = 10_000;

const sources = new Map<string, ClickSource>();

function fail(error: Error): never {
  throw error;
}

async function carryOut(order: Order): Promise<Report> {
  if (order.kind === 'open') {
    sources.set(order.name, await ClickSource.open(order.target, fail));
    return idle();
  }
  const source = sources.get(order.name);
  if (source === undefined) throw new Error(`nothing is known of ${order.name}`);
  if (order.kind === 'saturate') saturate(source, order.burst);
  if (order.kind === 'pace') pace(source, order.perSecond, order.burst);
  if (order.kind === 'stop') await stop(source);
  const cpu = process.cpuUsage();
  const latencies = source.latencies.splice(0);
  return { latencies, cpuMs: (cpu.user + cpu.system) / 1000 };
}

const idle = (): Report => ({ latencies: [], cpuMs: 0 });

/** Closed loop: an object whose clicks have all ended is clicked again at once. */
function saturate(source: ClickSource, burst: number): void {
  source.onRest = (object) => source.burst(object, burst);
  for (const object of source.objects) source.burst(object, burst);
}

let timer: NodeJS.Timeout | undefined;

/** Open loop: bursts come at random (Poisson), on random objects, whatever became of those before. */
function pace(source: ClickSource, perSecond: number, burst: number): void {
  const meanMs = (1000 * burst) / perSecond;
  let due = performance.now();
  timer = setInterval(() => {
    while (due < performance.now()) {
      due += -Math.log(1 - Math.random()) * meanMs;
      const object = source.objects[Math.floor(Math.random() * source.objects.length)];
      if (object?.removing === false) source.burst(object, burst);
    }
  }, 1);
}

/** Until every accepted click has ended. */
async function stop(source: ClickSource): Promise<void> {
  clearInterval(timer);
  source.onRest = () => {};
  const end = performance.now() + DRAIN_MS;
  while (source.pending > 0) {
    if (performance.now() > end) throw new Error(`${source.pending} clicks have not ended`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  source.rest();
}

process.on('message', (order: Order) => {
  void carryOut(order).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit());
