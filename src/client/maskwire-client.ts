import type { CreateSessionBody, SessionCreated } from '../protocol/bodies.ts';
import { paths } from '../protocol/routes.ts';
import type { Environment } from './environment.ts';
import { eventSourceTransport } from './event-source-transport.ts';
import { LiveSession } from './live-session.ts';
import { longPollTransport } from './long-poll-transport.ts';
import type { Target } from './request.ts';
import { requestOnce } from './request.ts';
import { createSession, SessionRequests } from './session-requests.ts';
import { systemEnvironment } from './system-environment.ts';

export interface ClientOptions {
  /** Origin of the gateway, such as `http://127.0.0.1:8787`; the page's own when absent. */
  readonly url?: string;
  /** A bearer token for plain requests, asked for each time. */
  readonly token?: () => string | Promise<string>;
  /** Time, chance and network; the platform's own when absent. */
  readonly environment?: Environment;
}

/**
 * The way into a gateway, from a browser or from Node.
 *
 * @example
 * const client = new MaskwireClient({ url: 'http://127.0.0.1:8787' });
 * const { sessionId } = await client.createSession();
 * using session = client.follow(sessionId);
 * const image = await session.requests.uploadImage({ image: photo, name: 'desk.jpg' });
 * session.subscribe(({ state }) => console.log(state.objects.map((object) => object.result?.area)));
 * session.click({ imageId: image.imageId, points: [{ x: 120, y: 80, label: 1 }] });
 */
export class MaskwireClient {
  readonly #target: Target;

  constructor(options: ClientOptions = {}) {
    this.#target = {
      environment: options.environment ?? systemEnvironment(),
      base: (options.url ?? '').replace(/\/+$/, ''),
      token: options.token,
    };
  }

  /** Opens a session. @throws {@link MaskwireError} */
  createSession(body: CreateSessionBody = {}): Promise<SessionCreated> {
    return createSession(this.#target, body);
  }

  /** The plain requests of a session, without following it. */
  requests(sessionId: string): SessionRequests {
    return new SessionRequests(this.#target, sessionId);
  }

  /** Opens a session's stream and keeps its state; close it when it is no longer wanted. */
  follow(sessionId: string): LiveSession {
    const { environment, base } = this.#target;
    const poll = longPollTransport(this.#target, sessionId);
    const { eventSource } = environment;
    const stream =
      eventSource === undefined ? poll : eventSourceTransport(eventSource, base, sessionId);
    return new LiveSession({
      environment,
      requests: this.requests(sessionId),
      transports: { stream, poll },
      probe: () => requestOnce(this.#target, paths.session(sessionId)),
    });
  }
}
