import { z } from 'zod';
import { paths } from '../../../protocol/routes.ts';
import { IMAGE_TYPES } from './image-operations.ts';
import type { Operation } from './operation.ts';

const HealthSchema = z.strictObject({ status: z.literal('ok') });

const ReadinessSchema = z.strictObject({
  status: z.enum(['ready', 'degraded', 'unavailable']),
  problems: z.array(z.string()).readonly().meta({ description: 'What is not ready.' }),
});

/** What a signed URL carries; a missing part makes it a wrong one. */
const SignedQuerySchema = z.object({
  expires: z.string().default(''),
  tenant: z.string().default(''),
  signature: z.string().default(''),
});

const blobContent = Object.fromEntries(
  [...IMAGE_TYPES, 'application/octet-stream'].map((type) => [type, 'The bytes.']),
);

/** A32, the studio page, and what feature servers fetch. */
export const runningOperations = {
  getHealth: {
    method: 'GET',
    path: paths.health,
    tag: 'running',
    summary: 'Alive',
    answers: { 200: { description: 'The process answers.', json: HealthSchema } },
  },
  getReadiness: {
    method: 'GET',
    path: paths.ready,
    tag: 'running',
    summary: 'Able to take clicks',
    answers: {
      200: { description: 'Ready.', json: ReadinessSchema },
      503: { description: 'Not ready, and why.', json: ReadinessSchema },
    },
  },
  getMetrics: {
    method: 'GET',
    path: paths.metrics,
    tag: 'running',
    summary: 'Prometheus metrics',
    answers: {
      200: { description: 'The metrics.', content: { 'text/plain': 'Exposition format' } },
    },
    problems: ['not_found'],
  },
  getOpenApi: {
    method: 'GET',
    path: paths.openapi,
    tag: 'running',
    summary: 'This document',
    answers: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': 'OpenAPI' } } },
  },
  getStudio: {
    method: 'GET',
    path: paths.studio,
    tag: 'running',
    summary: 'The studio page',
    answers: { 200: { description: 'The page.', content: { 'text/html': 'HTML' } } },
    problems: ['not_found'],
  },
  getAsset: {
    method: 'GET',
    path: `${paths.assets}/{folder}/{file}`,
    tag: 'running',
    summary: 'A file of the studio page; `file` may lie in folders of its own',
    answers: {
      200: { description: 'The file.', content: { '*/*': 'By its name.' }, headers: ['ETag'] },
      304: { description: 'The caller has it.' },
    },
    problems: ['not_found'],
  },
  getBlob: {
    method: 'GET',
    path: paths.blob('{blobId}'),
    tag: 'running',
    summary: 'Bytes for a feature server, by signed URL',
    query: SignedQuerySchema,
    answers: { 200: { description: 'The bytes.', content: blobContent, headers: ['ETag'] } },
    problems: ['not_found'],
  },
} as const satisfies Record<string, Operation>;
