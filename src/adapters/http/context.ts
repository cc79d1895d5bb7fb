import type { ClickId, ImageId, ObjectId, SessionId } from '../../core/ids.ts';
import { isClickId, isImageId, isObjectId, isSessionId, tenant } from '../../core/ids.ts';
import { ProblemError } from '../../core/problem.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Engine } from '../../ports/engine.ts';
import type { SessionFacts } from '../../ports/session-store.ts';
import type { Clock, Logger, Random } from '../../ports/system.ts';
import type { ProbeImage } from '../images/probe.ts';
import type { ByteBudget } from './body/byte-budget.ts';
import type { BodySource } from './body/read-body.ts';
import type { Call } from './node-http.ts';

/** What Prometheus scrapes. */
interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** What handlers work with. */
export interface FaceContext {
  readonly gateway: Gateway;
  readonly engine: Pick<Engine, 'idempotency' | 'buckets'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly probe: ProbeImage;
  readonly budget: ByteBudget;
  /** Where a request comes from; see `limits/client-address.ts`. */
  readonly addressOf: (call: Call) => string;
  /** Folder of the built page: `web/index.html` and the modules that it loads. */
  readonly assetsDir: string;
  readonly metricsText?: (() => Promise<MetricsText>) | undefined;
}

/** Without authentication everybody is one subject of one tenant. */
export const ANYONE = { tenant: tenant('default'), subject: 'anyone' } as const;

/** Names of path parameters, as the templates of the operations have them. */
type Parameter = 'sessionId' | 'imageId' | 'objectId' | 'clickId' | 'blobId';

/** A path parameter, decoded; `''` when the path has none of that name. */
export const parameter = (call: Call, name: Parameter): string => call.req.param(name) ?? '';

/**
 * The session that the path names, kept alive by this request.
 * @throws {ProblemError} `session_not_found`
 */
export function enter({ gateway }: FaceContext, call: Call): Promise<SessionFacts> {
  return gateway.sessions.enter(sessionParameter(call));
}

/**
 * The same for what would go on without the session: looks whether it is still there.
 * @throws {ProblemError} `session_not_found`
 */
export function look({ gateway }: FaceContext, call: Call): Promise<SessionFacts> {
  return gateway.sessions.look(sessionParameter(call));
}

function sessionParameter(call: Call): SessionId {
  const id = parameter(call, 'sessionId');
  if (!isSessionId(id)) throw new ProblemError('session_not_found', 'There is no such session.');
  return id;
}

/** @throws {ProblemError} `image_not_found` for a text that is no image id at all */
export function imageParameter(call: Call): ImageId {
  const id = parameter(call, 'imageId');
  if (!isImageId(id)) throw new ProblemError('image_not_found', 'There is no such image.');
  return id;
}

/** @throws {ProblemError} `object_not_found` for a text that is no object id at all */
export function objectParameter(call: Call): ObjectId {
  const id = parameter(call, 'objectId');
  if (!isObjectId(id)) throw new ProblemError('object_not_found', 'There is no such object.');
  return id;
}

/** @throws {ProblemError} `click_not_found` for a text that is no click id at all */
export function clickParameter(call: Call): ClickId {
  const id = parameter(call, 'clickId');
  if (!isClickId(id)) throw new ProblemError('click_not_found', 'There is no such click.');
  return id;
}

/** The request's body, unread. */
export function bodyOf({ clock, budget }: FaceContext, call: Call): BodySource {
  return { incoming: call.env.incoming, outgoing: call.env.outgoing, clock, budget };
}
