import { describe, expect, it } from 'vitest';
import { eventSourceTransport } from '../../../src/client/event-source-transport.ts';
import { LOGGED_TYPES, PASSING_TYPES } from '../../../src/protocol/events.ts';
import { accepted, at, SESSION } from './frames.ts';

/** An `EventSource` that says what the test says. */
class FakeSource {
  readonly url: string;
  readonly listeners = new Map<string, (event: { readonly data: string }) => void>();
  readyState = 0;
  onerror: ((event: never) => unknown) | null = null;

  constructor(url: string) {
    this.url = url;
  }

  addEventListener(type: string, listener: (event: { readonly data: string }) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  say(type: string, data: string): void {
    this.listeners.get(type)?.({ data });
  }
}

function setUp(after?: ReturnType<typeof at>) {
  const sources: FakeSource[] = [];
  const heard: string[] = [];
  const open = (url: string): FakeSource => {
    const source = new FakeSource(url);
    sources.push(source);
    return source;
  };
  const cancel = eventSourceTransport(
    open,
    'http://gateway',
    SESSION,
  )(after, {
    frame: (frame) => heard.push(frame.type),
    lost: () => heard.push('lost'),
  });
  const [source] = sources;
  if (source === undefined) throw new Error('nothing was opened');
  return { source, sources, heard, cancel };
}

const event = JSON.stringify(accepted(4, 'c', 'o'));

describe('the event source transport', () => {
  it('A20 listens for every type by name', () => {
    const { source } = setUp();
    expect([...source.listeners.keys()]).toEqual([...LOGGED_TYPES, ...PASSING_TYPES]);
  });

  it('A23 asks for what comes after its position, or for a snapshot', () => {
    const path = `http://gateway/v1/sessions/${SESSION}/events`;
    expect(setUp(at(7)).source.url).toBe(`${path}?after=${at(7)}`);
    expect(setUp().source.url).toBe(path);
  });

  it('ends at the first error instead of leaving the next attempt to the platform', () => {
    const { source, sources, heard } = setUp();
    source.say('click.accepted', event);
    source.onerror?.(undefined as never);
    expect(source.readyState).toBe(2);
    expect(source.onerror).toBeNull();
    source.say('click.accepted', event);
    expect(heard).toEqual(['click.accepted', 'lost']);
    expect(sources).toHaveLength(1);
  });

  it('takes text that is not JSON for a damaged stream', () => {
    const { source, heard } = setUp();
    source.say('heartbeat', '<html>');
    source.say('click.accepted', event);
    expect(heard).toEqual(['lost']);
  });

  it('says nothing once it is cancelled', () => {
    const { source, heard, cancel } = setUp();
    cancel();
    source.say('click.accepted', event);
    expect([source.readyState, heard]).toEqual([2, []]);
  });
});
