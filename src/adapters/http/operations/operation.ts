import type { z } from 'zod';
import type { ProblemCode } from '../../../core/problem.ts';

/** One answer of an operation, by its status. */
export interface AnswerDoc {
  readonly description: string;
  /** The JSON body. */
  readonly json?: z.ZodType;
  /** Other media types of the body, each with what it is. */
  readonly content?: Readonly<Record<string, string>>;
  readonly headers?: readonly string[];
}

/** The body of an operation's request, by media type. */
export interface RequestDoc {
  readonly json?: z.ZodType;
  readonly form?: z.ZodType;
  /** Media types of a body that is the thing itself. */
  readonly raw?: readonly string[];
  /** An absent body means an empty object. */
  readonly optional?: boolean;
}

/**
 * One method of one path. The table of operations is what routes are made from, what requests are
 * checked by, and what the OpenAPI document is written from.
 */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** OpenAPI template: parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly tag: 'sessions' | 'images' | 'clicks' | 'objects' | 'events' | 'running';
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly request?: RequestDoc;
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Codes of A30 that callers should expect, besides those that any request can meet. */
  readonly problems?: readonly ProblemCode[];
}
