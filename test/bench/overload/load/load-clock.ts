/**
 * Time as the cases mean it: model milliseconds since the load began. What is written in cases,
 * records and figures is always this time.
 */
export interface LoadClock {
  /** Model milliseconds that pass in one of the gateway's. */
  readonly speed: number;
  /** Now is zero. */
  start(): void;
  now(): number;
  /** At once when the time has passed. */
  until(modelMs: number): Promise<void>;
}
