import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../../ports/system.ts';

/** From an answer out of memory up to the longest wait that is accepted, in seconds. */
const DURATION_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30];

/** Around right, in seconds; below 0 for masks that came earlier than foretold. */
const ETA_BUCKETS = [-3, -2, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 2, 3, 5];

/** What a scraper of `/metrics` gets. */
interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

export interface PrometheusMetrics extends Metrics {
  /** Every metric in Prometheus' text format. */
  text(): Promise<MetricsText>;
}

/**
 * Counts in a registry of its own: base units, and labels of a few fixed values each, so that the
 * number of series does not grow with the number of sessions.
 */
export function createMetrics(): PrometheusMetrics {
  const registry = new Registry();
  const registers = [registry];
  // Of the process: memory, event loop delay, collections; what every Node dashboard expects.
  collectDefaultMetrics({ register: registry });

  const accepted = new Counter({
    name: 'maskwire_clicks_accepted_total',
    help: 'Clicks accepted, by how they entered the queue',
    labelNames: ['how'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'maskwire_clicks_refused_total',
    help: 'Clicks refused, by problem code',
    labelNames: ['code'] as const,
    registers,
  });
  const limited = new Counter({
    name: 'maskwire_requests_rate_limited_total',
    help: 'Requests refused by a rate limit, by which of them',
    labelNames: ['policy'] as const,
    registers,
  });
  const segment = new Histogram({
    name: 'maskwire_segment_duration_seconds',
    help: 'From the newest change of a prompt to its mask or failure',
    labelNames: ['outcome'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const call = new Histogram({
    name: 'maskwire_feature_call_duration_seconds',
    help: 'Calls of feature servers, by kind, outcome and server',
    labelNames: ['kind', 'outcome', 'server'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const up = new Gauge({
    name: 'maskwire_feature_server_up',
    help: 'Whether a feature server is called (1), or was found not to answer (0)',
    labelNames: ['server'] as const,
    registers,
  });
  const eta = new Histogram({
    name: 'maskwire_eta_error_seconds',
    help: 'How much later than foretold a mask came; negative for earlier',
    buckets: ETA_BUCKETS,
    registers,
  });
  const open = new Gauge({
    name: 'maskwire_streams_open',
    help: 'Event streams that are open now',
    registers,
  });
  const resets = new Counter({
    name: 'maskwire_stream_resets_total',
    help: 'Readers that could not be continued and got a snapshot, by reason',
    labelNames: ['reason'] as const,
    registers,
  });
  const frames = new Counter({
    name: 'maskwire_stream_frames_total',
    help: 'Frames written to event streams',
    registers,
  });
  const bytes = new Counter({
    name: 'maskwire_stream_sent_bytes_total',
    help: 'Bytes written to event streams',
    registers,
  });

  // Counted for every frame, and told when somebody asks.
  const sent = { frames: 0, bytes: 0 };
  return {
    clickAccepted: (how) => accepted.inc({ how }),
    clickRefused: (code) => refused.inc({ code }),
    requestRefused: (policy) => limited.inc({ policy }),
    segmentEnded: (outcome, totalMs) => segment.observe({ outcome }, totalMs / 1000),
    featureCall: (kind, outcome, durationMs, server) =>
      call.observe({ kind, outcome, server }, durationMs / 1000),
    featureServer: (server, isUp) => up.set({ server }, isUp ? 1 : 0),
    etaMissed: (byMs) => eta.observe(byMs / 1000),
    streamsOpen: (change) => open.inc(change),
    streamReset: (reason) => resets.inc({ reason }),
    streamFrames(count, size) {
      sent.frames += count;
      sent.bytes += size;
    },
    async text() {
      frames.inc(sent.frames);
      bytes.inc(sent.bytes);
      sent.frames = 0;
      sent.bytes = 0;
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
