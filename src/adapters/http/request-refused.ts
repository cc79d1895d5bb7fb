import { ProblemError } from '../../core/problem.ts';

/**
 * A refusal whose status HTTP prescribes and that A30 has no code of its own for: it goes out as
 * `invalid_request` with that status.
 */
export class RequestRefused extends ProblemError {
  readonly status: number;
  /** Sent along with the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super('invalid_request', detail);
    this.status = status;
    this.headers = headers;
  }
}
