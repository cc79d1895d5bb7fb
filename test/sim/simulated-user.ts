import type { ImageId } from '../../src/core/ids.ts';
import { imageId, objectId, tenant } from '../../src/core/ids.ts';
import type { Gateway } from '../../src/gateway/gateway.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type { SessionFacts } from '../../src/ports/session-store.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedReader } from './simulated-reader.ts';
import type { VirtualClock } from './virtual-clock.ts';

const IMAGE = { width: 16, height: 12 };
const OBJECTS = ['left', 'right', 'top'];

/** What users live in. */
export interface Surroundings {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly engine: Engine;
  /** One that lives, another each time. */
  readonly gateway: () => Gateway;
}

/** One session's user: what it was told, and what really happened. */
export class SimulatedUser {
  readonly facts: SessionFacts;
  /** All that was ever logged. */
  readonly truth: readonly LoggedEvent[];
  readonly acknowledged = new Set<string>();
  readonly readers: SimulatedReader[] = [];
  readonly #image: ImageId;
  readonly #world: Surroundings;

  private constructor(
    world: Surroundings,
    facts: SessionFacts,
    image: ImageId,
    truth: readonly LoggedEvent[],
  ) {
    this.facts = facts;
    this.truth = truth;
    this.#image = image;
    this.#world = world;
  }

  /** Opens a session with an image, which may be that of another user, and reads along. */
  static async open(world: Surroundings, index: number): Promise<SimulatedUser> {
    const { random, engine } = world;
    const { sessions } = world.gateway();
    const created = await sessions.create({ tenant: tenant('default'), subject: 'anonymous' });
    const facts = await sessions.enter(created.sessionId);
    const truth: LoggedEvent[] = [];
    const known = await engine.log.read(facts.sessionId, { epoch: 0, sequence: 0 }, 10);
    truth.push(...(known?.events ?? []));
    await engine.log.subscribe(facts.sessionId, {
      appended: (events) => truth.push(...events),
      passing: () => {},
    });
    const image = imageId(`sha256-${'0'.repeat(63)}${random.chance(0.5) ? 0 : index}`);
    const user = new SimulatedUser(world, facts, image, truth);
    await user.#addImage();
    for (let reader = random.between(1, 3); reader > 0; reader -= 1) user.#addReader();
    return user;
  }

  async click(): Promise<void> {
    const { random } = this.#world;
    const x = random.below(IMAGE.width);
    const y = random.below(IMAGE.height);
    const label = random.chance(0.8) ? (1 as const) : (0 as const);
    const key = random.token(9);
    const input = {
      imageId: this.#image,
      objectId: this.object(),
      points: [{ x, y, label }],
      idempotency: { key, fingerprint: 'same' },
    };
    const post = async () => {
      const { accepted } = await this.#world.gateway().clicks.submit(this.facts, input);
      this.acknowledged.add(accepted.clickId);
    };
    // The same POST twice: a user's double click, or a retry whose first answer was lost.
    if (random.chance(0.15)) await Promise.all([post(), post()]);
    else await post();
  }

  async undo(): Promise<void> {
    const clicks = [...this.acknowledged];
    if (clicks.length === 0) return;
    const { random, gateway } = this.#world;
    const { clicks: service } = gateway();
    await service.undo(this.facts, random.pick(clicks) as Parameters<typeof service.undo>[1]);
  }

  /** Any of its objects. */
  object() {
    return objectId(this.#world.random.pick(OBJECTS));
  }

  /** Removes the image through one gateway and adds it again through another. */
  async replaceImage(gateway: Gateway): Promise<void> {
    await gateway.images.remove(this.facts, this.#image);
    return await this.#addImage();
  }

  /** One of its readers stops reading, or loses its connection, and is back after a while. */
  disturbReader(): void {
    const { clock, random } = this.#world;
    const reader = random.pick(this.readers);
    if (random.chance(0.3)) reader.fallAsleep();
    else reader.cut();
    clock.after(random.between(0, 4_000), () => {
      reader.cut();
      void reader.connect();
    });
  }

  /** All of its readers lose their connections, and come back. */
  reconnect(): void {
    const { clock, random } = this.#world;
    for (const reader of this.readers) {
      reader.cut();
      clock.after(random.between(0, 2_000), () => {
        reader.cut();
        void reader.connect();
      });
    }
  }

  async #addImage(): Promise<void> {
    const bytes = new Uint8Array(8);
    await this.#world.gateway().images.add(this.facts, {
      image: { id: this.#image, bytes, contentType: 'image/png', ...IMAGE },
    });
  }

  #addReader(): void {
    const { clock, random, gateway } = this.#world;
    const reader = new SimulatedReader(this.facts, clock, random, () => gateway().streams);
    this.readers.push(reader);
    void reader.connect();
  }
}
