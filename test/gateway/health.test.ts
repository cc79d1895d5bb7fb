import { describe, expect, test } from 'vitest';
import { ProblemError } from '../../src/core/problem.ts';
import { fault } from './support/scripted-server.ts';
import { openService } from './support/service.ts';

describe('readiness', () => {
  test('A32 ready: a feature server has answered and the storage takes commands', async () => {
    const service = openService();
    await service.pass(10);
    expect(await service.gateway.health.readiness()).toEqual({ ready: true, problems: [] });
  });

  test('A32 not before a feature server has said what it can', async () => {
    const service = openService({
      prepare: (server) => {
        server.infoMs = 5_000;
      },
    });
    await service.pass(100);
    const before = await service.gateway.health.readiness();
    expect(before.ready).toBe(false);
    expect(before.problems).toHaveLength(1);
    expect(before.problems[0]).toMatch(/feature server/);
    await service.pass(5_000);
    expect((await service.gateway.health.readiness()).ready).toBe(true);
  });

  test('A32 not while no feature server can be reached', async () => {
    const failures = Array.from({ length: 4 }, () => fault('failed'));
    const service = openService({ prepare: (server) => server.infoFaults.push(...failures) });
    await service.pass(100);
    expect((await service.gateway.health.readiness()).ready).toBe(false);
    await service.pass(5_000);
    expect((await service.gateway.health.readiness()).ready).toBe(true);
  });

  test('A32 not while the storage is away; its own words stay inside', async () => {
    const service = openService({
      wrap: (engine) => ({
        ...engine,
        ready: () => Promise.reject(new ProblemError('storage_unavailable', 'redis://10.0.0.1')),
      }),
    });
    await service.pass(10);
    const { ready, problems } = await service.gateway.health.readiness();
    expect(ready).toBe(false);
    expect(problems).toEqual(['The storage cannot be reached.']);
  });

  test('A32 L14 not while no change can be made as durable as it has to be', async () => {
    const service = openService({
      wrap: (engine) => ({ ...engine, durable: () => Promise.reject(new Error('10.0.0.1')) }),
    });
    await service.pass(10);
    const { ready, problems } = await service.gateway.health.readiness();
    expect(ready).toBe(false);
    expect(problems).toEqual(['The storage has no replica that confirms changes.']);
  });

  test('A32 not once the gateway drains, and everything that is wrong is named', async () => {
    const service = openService({
      wrap: (engine) => ({ ...engine, ready: () => Promise.reject(new Error('away')) }),
    });
    await service.pass(10);
    await service.gateway.drain();
    const { ready, problems } = await service.gateway.health.readiness();
    expect(ready).toBe(false);
    expect(problems).toEqual(['This gateway is stopping.', 'The storage cannot be reached.']);
  });
});
