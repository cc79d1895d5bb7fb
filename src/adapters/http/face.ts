import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { ProblemError } from '../../core/problem.ts';
import type { RateLimit } from '../../core/token-bucket.ts';
import { RateLimiter } from '../../gateway/rate-limiter.ts';
import type { Metrics } from '../../ports/system.ts';
import { createImageProbe } from '../images/probe.ts';
import { respond } from './answers.ts';
import { ByteBudget } from './body/byte-budget.ts';
import { passOver } from './body/pass-over.ts';
import type { FaceContext } from './context.ts';
import { bodyOf } from './context.ts';
import { sendPlain } from './early-answer.ts';
import type { FrontDoorOptions } from './front-door.ts';
import { createFrontDoor, requestIdOf } from './front-door.ts';
import { clickHandlers } from './handlers/click-handlers.ts';
import { eventHandlers } from './handlers/event-handlers.ts';
import { imageHandlers } from './handlers/image-handlers.ts';
import { objectHandlers } from './handlers/object-handlers.ts';
import { runningHandlers } from './handlers/running-handlers.ts';
import { segmentHandlers } from './handlers/segment-handler.ts';
import { sessionHandlers } from './handlers/session-handlers.ts';
import { createClientAddress } from './limits/client-address.ts';
import type { RateGuard } from './limits/rate-guard.ts';
import { createRateGuard } from './limits/rate-guard.ts';
import { methodsAt } from './methods.ts';
import type { Call, HttpEnv, NodeListener } from './node-http.ts';
import { bodyPending } from './node-http.ts';
import type { OperationId } from './operations/table.ts';
import { OPERATION_LIST } from './operations/table.ts';
import { problemAnswer } from './problem-answer.ts';

/** How much callers may ask for (A5). */
interface RateLimits {
  /** Of one session, and of an address that opens them; unlimited when absent. */
  readonly rateLimit?: RateLimit | undefined;
  readonly tenantRateLimit?: RateLimit | undefined;
}

export interface HttpFaceOptions
  extends Omit<FaceContext, 'probe' | 'budget' | 'addressOf'>,
    FrontDoorOptions,
    RateLimits {
  /** Proxies whose `X-Forwarded-For` is believed: addresses and ranges. */
  readonly trustedProxies?: readonly string[];
  readonly metrics?: Pick<Metrics, 'requestRefused'>;
}

/** The HTTP face of a gateway, not yet listening. */
export interface HttpFace extends Pick<HttpFaceOptions, 'clock' | 'random' | 'log'> {
  /** Routing only; requests must come through {@link listener}, which guards it. */
  readonly app: Hono<HttpEnv>;
  /** For a server of `node:http` or `node:http2`. */
  readonly listener: NodeListener;
}

type Handler = (call: Call) => Promise<Response>;

/**
 * Makes part A of the protocol out of a gateway.
 *
 * @example
 * const face = createHttpFace({ gateway, engine, clock, random, log, assetsDir, cors: [], allowedHosts: [] });
 * await using server = await listen({ face, host: '127.0.0.1', port: 8787 });
 */
export function createHttpFace(options: HttpFaceOptions): HttpFace {
  const { gateway, clock, random, log } = options;
  const probe = createImageProbe(gateway.settings.maxImagePixels);
  const clientAddress = createClientAddress(options.trustedProxies ?? [], log);
  const addressOf = (call: Call) => clientAddress(call.env.incoming);
  const context = { ...options, probe, budget: new ByteBudget(), addressOf };
  const app = new Hono<HttpEnv>();
  const handlers = allHandlers(context);
  const guard = rateGuard(options, addressOf);
  for (const { id, operation } of OPERATION_LIST) {
    const counts = guard !== undefined && operation.method !== 'GET';
    const handler = counts ? guarded(context, guard, handlers[id]) : handlers[id];
    app.on(operation.method, honoPath(operation.path), handler);
  }
  app.notFound((call) => fail(context, call, unrouted(call)));
  app.onError((error, call) => fail(context, call, error));
  const inside = getRequestListener((request, env) => app.fetch(request, env), {
    // Reached only by requests that hono cannot see: a target that is no path.
    errorHandler: () => {
      const error = new ProblemError('invalid_request', 'The request target is not valid.');
      return respond(problemAnswer(error, log, ''));
    },
  });
  const listener = createFrontDoor(
    options,
    (incoming, outgoing) => void inside(incoming, outgoing),
  );
  return { app, listener, clock, random, log };
}

/** Complete: an operation without a handler does not compile. */
function allHandlers(context: FaceContext): Readonly<Record<OperationId, Handler>> {
  return {
    ...sessionHandlers(context),
    ...imageHandlers(context),
    ...segmentHandlers(context),
    ...clickHandlers(context),
    ...eventHandlers(context),
    ...objectHandlers(context),
    ...runningHandlers(context),
  };
}

function rateGuard(
  { engine, clock, rateLimit, tenantRateLimit, metrics }: HttpFaceOptions,
  addressOf: (call: Call) => string,
): RateGuard | undefined {
  const limiter = new RateLimiter(engine.buckets, clock);
  return createRateGuard({ limiter, rateLimit, tenantRateLimit, addressOf, metrics });
}

/** What changes something is counted before it is looked at. */
function guarded(context: FaceContext, guard: RateGuard, handler: Handler): Handler {
  return async (call) => {
    try {
      await guard(call);
    } catch (error) {
      await passOver(bodyOf(context, call));
      throw error;
    }
    return await handler(call);
  };
}

/** `/a/{b}` as hono writes it; the file of an asset may lie in folders of its own. */
function honoPath(template: string): string {
  return template.replace('{file}', ':file{.+}').replaceAll(/\{(\w+)\}/g, ':$1');
}

function unrouted(call: Call): ProblemError {
  const methods = methodsAt(call.req.path);
  if (methods.length === 0) return new ProblemError('not_found', 'There is nothing at this path.');
  return new ProblemError('method_not_allowed', `${call.req.method} is not offered here.`, {
    allow: methods,
  });
}

/** Errors and refusals alike; `OPTIONS` gets its answer here too. */
function fail(context: FaceContext, call: Call, error: unknown): Response {
  const { incoming, outgoing } = call.env;
  if (call.req.method === 'OPTIONS') {
    const Allow = methodsAt(call.req.path).join(', ');
    if (Allow !== '') return new Response(null, { status: 204, headers: { Allow } });
  }
  const answer = problemAnswer(error, context.log, requestIdOf(outgoing));
  if (call.req.method === 'HEAD' || !bodyPending(incoming)) return respond(answer);
  sendPlain(incoming, outgoing, answer, context.clock);
  return RESPONSE_ALREADY_SENT;
}
