import { parseArgs } from 'node:util';
import type { StubOptions } from './stub/options.ts';
import { NO_FAULTS } from './stub/options.ts';

export const USAGE = `npm run bench:overload -- [CASE …] [options]
  --quick            a fifth of the time a case (4 minutes in all instead of 12)
  --seconds N        measured time of a case
  --speed N          service times and deadlines N times as fast
  --virtual          the gateway's code alone, on a virtual clock: seconds instead of minutes
  --seed N           of arrivals, service times and faults
  --calls N          calls of the case with faults
  --service-ms N     mean time of a call
  --cv N             its coefficient of variation
  --penalty N        part of the throughput that each further multiple of the capacity costs
  --cancellable      a caller who leaves frees its place at the server
  --env NAME=VALUE   a setting of the gateways, as it is; may be repeated
  --json FILE        all figures, also as JSON
  --draw DIR         where the curves are drawn; docs for a whole run in full, else nowhere
  --help             this text`;

export interface Settings {
  readonly cases: readonly string[];
  readonly quick: boolean;
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly speed: number;
  readonly virtual: boolean;
  readonly seed: number;
  readonly faultCalls: number;
  readonly stub: Pick<StubOptions, 'serviceMs' | 'cv' | 'penalty' | 'cancellable' | 'seed'>;
  readonly json: string | undefined;
  readonly draw: string | undefined;
  readonly help: boolean;
  /** Settings of the gateways: those of a case in model time, then those of the command line. */
  gatewayEnv(durations: Readonly<Record<string, number>>): Record<string, string>;
}

const DEFAULTS = { measureMs: 30_000, warmUpMs: 6_000, faultCalls: 5_000 };
const QUICK = { measureMs: 6_000, warmUpMs: 5_000, faultCalls: 1_500 };

/**
 * Made for masks within three seconds, which is what the cases ask for. The gateway's own defaults
 * suit people who rather wait than click again.
 */
const DURATIONS = { MASKWIRE_MAX_WAIT_MS: 2_000, MASKWIRE_DEADLINE_MS: 3_000 } as const;

const OTHERS = {
  // Room for an object that is clicked ten times a second.
  MASKWIRE_MAX_POINTS_PER_OBJECT: '1000',
  // Everybody comes from one machine.
  MASKWIRE_RATE_LIMIT: 'off',
} as const;

/** A lease cannot be shorter than a second, however fast everything runs. */
const LEAST_MS = 1_000;
const IS_BOUNDED: ReadonlySet<string> = new Set(['MASKWIRE_LEASE_MS']);

/** @throws Error that says what is wrong with the arguments */
export function readSettings(args: readonly string[]): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      virtual: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      speed: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      calls: { type: 'string' },
      'service-ms': { type: 'string', default: '500' },
      cv: { type: 'string', default: '0.25' },
      penalty: { type: 'string', default: '0.35' },
      env: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      draw: { type: 'string' },
      cancellable: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const form = values.quick ? QUICK : DEFAULTS;
  const speed = values.virtual ? 1 : number('speed', values.speed, 0.1, 20);
  const seed = number('seed', values.seed, 0, 2 ** 31);
  const given = Object.fromEntries(values.env.map((pair) => namedValue(pair)));
  const whole = positionals.length === 0 && !values.quick && !values.virtual;
  return {
    cases: positionals,
    quick: values.quick,
    measureMs: 1000 * number('seconds', values.seconds ?? form.measureMs / 1000, 1, 3_600),
    warmUpMs: form.warmUpMs,
    speed,
    virtual: values.virtual,
    seed,
    faultCalls: number('calls', values.calls ?? form.faultCalls, 100, 1_000_000),
    stub: {
      serviceMs: number('service-ms', values['service-ms'], 1, 60_000),
      cv: number('cv', values.cv, 0, 2),
      penalty: number('penalty', values.penalty, 0, 0.9),
      cancellable: values.cancellable,
      seed,
    },
    json: values.json,
    draw: values.draw ?? (whole ? 'docs' : undefined),
    help: values.help,
    gatewayEnv: (durations) => ({
      ...OTHERS,
      ...inRealTime({ ...DURATIONS, ...durations }, speed),
      ...given,
    }),
  };
}

/** The feature server of a case: what the command line says, and a capacity. */
export function stubOf(
  settings: Settings,
  capacity: number,
  change: Partial<StubOptions> = {},
): StubOptions {
  return { ...NO_FAULTS, ...settings.stub, capacity, ...change };
}

/** Options in model time as the program gets them. */
export function scaledStub(options: StubOptions, speed: number): StubOptions {
  const { serviceMs, busyEveryMs, busyForMs } = options;
  return {
    ...options,
    serviceMs: serviceMs / speed,
    busyEveryMs: busyEveryMs / speed,
    busyForMs: busyForMs / speed,
  };
}

function inRealTime(durations: Readonly<Record<string, number>>, speed: number) {
  const entries = Object.entries(durations).map(([name, ms]) => {
    const least = IS_BOUNDED.has(name) ? LEAST_MS : 1;
    return [name, String(Math.max(least, Math.round(ms / speed)))];
  });
  return Object.fromEntries(entries);
}

function number(name: string, text: string | number, least: number, most: number): number {
  const value = Number(text);
  if (text !== '' && value >= least && value <= most) return value;
  throw new Error(`--${name} must be a number from ${least} to ${most}.`);
}

function namedValue(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at < 1) throw new Error(`--env must be NAME=VALUE, not ${pair}.`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}
