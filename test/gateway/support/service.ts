import { openMemoryEngine } from '../../../src/adapters/memory/engine.ts';
import { ONLY_SERVER } from '../../../src/core/burst/server-set.ts';
import type { ImageId, SessionId } from '../../../src/core/ids.ts';
import { imageId, objectId, serverId, tenant } from '../../../src/core/ids.ts';
import type { SubmitClick } from '../../../src/gateway/click-service.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import type { GatewaySettings } from '../../../src/gateway/settings.ts';
import { DEFAULT_SETTINGS } from '../../../src/gateway/settings.ts';
import type { StreamStart } from '../../../src/gateway/stream/stream-start.ts';
import type { Engine } from '../../../src/ports/engine.ts';
import type { LoggedEvent } from '../../../src/ports/event-log.ts';
import type { NamedServer } from '../../../src/ports/feature-server.ts';
import type { SessionFacts } from '../../../src/ports/session-store.ts';
import type { TaskRunner } from '../../../src/ports/system.ts';
import type { ClickAccepted } from '../../../src/protocol/bodies.ts';
import { noMetrics } from '../../sim/process.ts';
import { SeededRandom } from '../../sim/seeded-random.ts';
import { VirtualClock } from '../../sim/virtual-clock.ts';
import { HandSink } from './hand-sink.ts';
import { withOwnServers } from './own-servers.ts';
import { ScriptedServer } from './scripted-server.ts';

export interface ServiceOptions {
  readonly settings?: Partial<GatewaySettings>;
  readonly concurrency?: number;
  /** Feature servers of that concurrency each; one when absent. */
  readonly servers?: number;
  /** Which of them the gateway knows, counted from 0; all when absent. */
  readonly knows?: readonly number[];
  /** Puts something between the gateways and the engine. */
  readonly wrap?: (engine: Engine, clock: VirtualClock) => Engine;
  /** Before the gateway starts. */
  readonly prepare?: (server: ScriptedServer) => void;
  readonly seed?: number;
}

/** Of a single server it is the name that the engine gives it, too. */
const NAMES = [ONLY_SERVER, serverId('second'), serverId('third')];

export const SIZE = { width: 40, height: 30 };

/** A whole service on a virtual clock: an engine in memory, a scripted feature server, a gateway. */
export class Service {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly settings: GatewaySettings;
  /** The first feature server, which is the only one unless told otherwise. */
  readonly server: ScriptedServer;
  readonly servers: readonly (NamedServer & { readonly server: ScriptedServer })[];
  /** As it is, without what was put between. */
  readonly bare: Engine;
  readonly engine: Engine;
  readonly gateway: Gateway;
  readonly logged: { readonly message: string; readonly fields: unknown }[] = [];
  #clicks = 0;

  constructor(options: ServiceOptions) {
    this.random = new SeededRandom(options.seed ?? 1);
    this.settings = { ...DEFAULT_SETTINGS, ...options.settings };
    const concurrency = options.concurrency ?? 1;
    this.server = new ScriptedServer(this.clock, concurrency);
    this.servers = NAMES.slice(0, options.servers ?? 1).map((id, n) => {
      return { id, server: n === 0 ? this.server : new ScriptedServer(this.clock, concurrency) };
    });
    for (const { server } of this.servers) options.prepare?.(server);
    // As after some calls: where the limit starts is the subject of other tests.
    this.bare = openMemoryEngine({ settings: this.settings, limit: concurrency });
    for (const { id } of this.servers)
      void this.bare.queue.setCeiling(concurrency, concurrency, id);
    this.engine = options.wrap?.(this.bare, this.clock) ?? this.bare;
    this.gateway = options.knows === undefined ? this.spawn() : this.spawnWith(options.knows);
    this.gateway.start();
  }

  /** Another gateway on the same engine, not started. */
  spawn(engine = this.engine, features: readonly NamedServer[] = this.servers): Gateway {
    const report = (message: string, fields?: unknown) => this.logged.push({ message, fields });
    return new Gateway(
      {
        engine,
        features,
        clock: this.clock,
        random: this.random,
        log: { info: () => {}, warn: () => {}, error: report },
        metrics: noMetrics,
        runner: plainRunner(),
        verifyUrl: () => true,
      },
      this.settings,
    );
  }

  /** Another one, that knows only those servers, counted from 0. */
  spawnWith(known: readonly number[]): Gateway {
    const features = this.servers.filter((_, n) => known.includes(n));
    return this.spawn({ ...this.engine, queue: withOwnServers(this.engine.queue) }, features);
  }

  /** Time passes. */
  async pass(ms: number): Promise<void> {
    await this.clock.run(ms);
  }

  async session(ofTenant = 'default'): Promise<SessionFacts> {
    const input = { tenant: tenant(ofTenant), subject: 'somebody' };
    const { sessionId } = await this.gateway.sessions.create(input);
    return await this.gateway.sessions.enter(sessionId);
  }

  /** A session with an image that is prepared. */
  async readySession(name = 'cat'): Promise<{ facts: SessionFacts; image: ImageId }> {
    const facts = await this.session();
    const image = await this.addImage(facts, name);
    await this.pass(this.server.encodeMs + 1);
    return { facts, image };
  }

  async addImage(facts: SessionFacts, name = 'cat'): Promise<ImageId> {
    const upload = uploadOf(name);
    await this.gateway.images.add(facts, { image: { ...upload, ...SIZE } });
    return imageId(upload.id);
  }

  /** A click at a place where nobody clicked before, unless told otherwise. */
  async click(
    facts: SessionFacts,
    image: ImageId,
    object?: string,
    more: Partial<SubmitClick> = {},
  ): Promise<ClickAccepted> {
    this.#clicks += 1;
    const at = { x: this.#clicks % SIZE.width, y: Math.floor(this.#clicks / SIZE.width) };
    const { accepted } = await this.gateway.clicks.submit(facts, {
      imageId: image,
      objectId: object === undefined ? undefined : objectId(object),
      points: [{ ...at, label: 1 }],
      ...more,
    });
    return accepted;
  }

  async stream(
    facts: SessionFacts,
    start: StreamStart | string = { kind: 'none' },
    sink = new HandSink(),
    participant?: string,
  ): Promise<HandSink> {
    const from = typeof start === 'string' ? ({ kind: 'cursor', text: start } as const) : start;
    await this.gateway.streams.open(facts, from, sink, { participantId: participant });
    await this.pass(0);
    return sink;
  }

  /** A session at rest whose log can be made longer by {@link append}: five entries so far. */
  async chattySession(): Promise<SessionFacts> {
    const { facts, image } = await this.readySession();
    await this.click(facts, image, 'padding');
    await this.pass(this.server.segmentMs + 1);
    return facts;
  }

  /** Makes the log longer by so many entries, each at least so large. */
  async append({ sessionId }: SessionFacts, entries: number, padding = 0): Promise<void> {
    for (let entry = 0; entry < entries; entry += 1) {
      const patch = { metadata: { entry, padding: 'x'.repeat(padding) } };
      const now = this.clock.now();
      await this.bare.sessions.patchObject(sessionId, objectId('padding'), patch, now);
    }
  }

  /** All that the log keeps. */
  async log(session: SessionId): Promise<readonly LoggedEvent[]> {
    const page = await this.bare.log.read(session, { epoch: 0, sequence: 0 }, 10_000);
    return page?.events ?? [];
  }

  async logOf<Type extends LoggedEvent['type']>(session: SessionId, type: Type) {
    const events = await this.log(session);
    return events.filter((event): event is LoggedEvent & { type: Type } => event.type === type);
  }
}

export const openService = (options: ServiceOptions = {}): Service => new Service(options);

/** A content name that begins with the text. */
export function nameOf(text: string): string {
  return `sha256-${Buffer.from(text).toString('hex').padEnd(64, '0').slice(0, 64)}`;
}

/** A file of that content; an image has {@link SIZE} besides. */
export const uploadOf = (name: string) => ({
  id: nameOf(name),
  bytes: new Uint8Array(8),
  contentType: 'image/png',
});

/** Tasks run as they come. */
function plainRunner(): TaskRunner {
  const running = new Set<Promise<void>>();
  return {
    get active() {
      return running.size;
    },
    run(task) {
      const done = task().finally(() => running.delete(done));
      running.add(done);
    },
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
