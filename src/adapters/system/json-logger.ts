import { inspect } from 'node:util';
import type { Logger } from '../../ports/system.ts';

/** Least urgent first; `silent` writes nothing. */
export const LOG_LEVELS = ['info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface JsonLoggerOptions {
  /** Lines below this level are not written. */
  readonly level?: LogLevel;
  /** Takes one line, its line end included; standard error by default. */
  readonly write?: (line: string) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

type Fields = Readonly<Record<string, unknown>>;

/** Fields whose value is never written, whoever passes them: a log is read by more people than a request. */
const SECRET = /token|secret|signature|authorization|cookie|password|ticket/i;

/** Bounds one field: an answer of a stranger must not fill the disk. */
const MAX_TEXT = 2_000;

/**
 * One JSON object a line: `time`, `level`, `message`, then the fields. Secrets by name are replaced,
 * long texts are cut, and a field that JSON cannot hold is written as text, so logging never throws.
 */
export function createJsonLogger({
  level = 'info',
  write = (line) => process.stderr.write(line),
  now = () => Date.now(),
}: JsonLoggerOptions = {}): Logger {
  const lowest = LOG_LEVELS.indexOf(level);
  const log =
    (at: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      if (LOG_LEVELS.indexOf(at) < lowest) return;
      const head = { time: new Date(now()).toISOString(), level: at, message };
      write(`${lineOf({ ...fields, ...head }, head)}\n`);
    };
  return { info: log('info'), warn: log('warn'), error: log('error') };
}

function lineOf(entry: Fields, head: Fields): string {
  // The head comes first for people who read the file, and a field cannot replace it.
  const ordered = { ...head, ...entry };
  try {
    return JSON.stringify(ordered, readable);
  } catch {
    return JSON.stringify({ ...head, fields: cut(inspect(entry, { depth: 1 })) });
  }
}

function readable(key: string, value: unknown): unknown {
  if (SECRET.test(key)) return '[hidden]';
  if (value instanceof Error) return cut(value.message);
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return value.toString();
  return value;
}

function cut(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
