import type { Clock } from '../../ports/system.ts';
import type { Incoming, Outgoing } from './node-http.ts';
import { bodyPending, isHttp2 } from './node-http.ts';
import type { PlainAnswer } from './problem-answer.ts';

/** A caller that was refused and still sends is listened to until it pauses for this long … */
const LINGER_IDLE_MS = 1_000;
/** … or has sent so much more. */
const LINGER_BYTES = 32 * 1024 * 1024;

/** Requests whose caller waits for `100 Continue` before it sends the body. */
const waiting = new WeakSet<Incoming>();

/** Marks a request that came with `Expect: 100-continue`. */
export const expectContinue = (incoming: Incoming): void => {
  waiting.add(incoming);
};

/** Tells a waiting caller to go on; called when somebody is about to read the body. */
export function allowBody(incoming: Incoming, outgoing: Outgoing): void {
  if (waiting.delete(incoming)) outgoing.writeContinue();
}

/**
 * Writes an answer on Node's response, also while the caller still sends its body.
 *
 * Closing a socket that holds unread bytes makes the kernel send a reset, which can overtake the
 * answer. So the whole answer goes out, `Connection: close` included, and what still arrives is
 * read and dropped for a while before the socket is closed.
 */
export function sendPlain(
  incoming: Incoming,
  outgoing: Outgoing,
  answer: PlainAnswer,
  clock: Clock,
): void {
  const body = Buffer.from(answer.body);
  const headers = { ...answer.headers, 'Content-Length': String(body.length) };
  const head = incoming.method === 'HEAD';
  if (isHttp2(incoming) || !bodyPending(incoming)) {
    outgoing.writeHead(answer.status, headers);
    outgoing.end(head ? undefined : body);
    return;
  }
  const silent = waiting.delete(incoming);
  outgoing.writeHead(answer.status, { ...headers, Connection: 'close' });
  if (head) outgoing.flushHeaders();
  else outgoing.write(body);
  if (silent) outgoing.end();
  else linger(incoming, outgoing, clock);
}

function linger(incoming: Incoming, outgoing: Outgoing, clock: Clock): void {
  let dropped = 0;
  const finish = () => {
    timer.cancel();
    outgoing.end();
  };
  let timer = clock.after(LINGER_IDLE_MS, finish);
  incoming.on('data', (chunk: Buffer) => {
    timer.cancel();
    dropped += chunk.length;
    if (dropped > LINGER_BYTES) finish();
    else timer = clock.after(LINGER_IDLE_MS, finish);
  });
  incoming.once('end', finish);
  incoming.once('close', finish);
  incoming.on('error', finish);
  incoming.resume();
}
