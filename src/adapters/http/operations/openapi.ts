import { z } from 'zod';
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { createDocument } from 'zod-openapi';
import type { ProblemCode } from '../../../core/problem.ts';
import { PROBLEM_CODES } from '../../../core/problem.ts';
import { HEADERS } from '../../../protocol/routes.ts';
import { PROBLEM_TYPE } from '../problem-answer.ts';
import { ProblemSchema } from '../schema/values.ts';
import type { AnswerDoc, Operation, RequestDoc } from './operation.ts';
import { OPERATION_LIST } from './table.ts';

/** What any request can meet. */
const COMMON_PROBLEMS: readonly ProblemCode[] = [
  'invalid_request',
  'origin_not_allowed',
  'internal',
];

/** What is sent along with every answer to a request that is counted (A5). */
const RATE_HEADERS = [HEADERS.rateLimit, HEADERS.rateLimitPolicy];

const isCounted = ({ method }: Operation): boolean => method !== 'GET';

/** OpenAPI 3.1 of all operations, from the very schemas that requests are checked by (A32). */
export function openApiDocument(version: string): ReturnType<typeof createDocument> {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { id, operation } of OPERATION_LIST) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describe(id, operation),
    };
  }
  const document = {
    openapi: '3.1.1' as const,
    info: {
      title: 'Maskwire',
      version,
      description: 'Clicks go in as POSTs; masks come back on one event stream per session.',
    },
    paths: paths as ZodOpenApiPathsObject,
  };
  return createDocument(document, { override: tidy });
}

/** What our types say to the compiler, and zod therefore writes down, means something else there. */
function tidy({ jsonSchema, io }: { jsonSchema: Record<string, unknown>; io: string }): void {
  // `readonly` to us; "never send this" in OpenAPI.
  delete jsonSchema['readOnly'];
  // Answers may gain fields within a version (A19).
  if (io === 'output') delete jsonSchema['additionalProperties'];
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
}

function describe(id: string, operation: Operation): ZodOpenApiOperationObject {
  const { query, headers, request } = operation;
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    requestParams: {
      ...pathParameters(operation.path),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { header: headers }),
    },
    ...(request === undefined ? {} : { requestBody: requestBody(request) }),
    responses: { ...answers(operation), ...problems(operation) } as ZodOpenApiResponsesObject,
  };
}

function pathParameters(path: string) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  if (names.length === 0) return {};
  return { path: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) };
}

function requestBody({ json, form, raw = [], optional = false }: RequestDoc) {
  return {
    required: !optional,
    content: {
      ...(json === undefined ? {} : { 'application/json': { schema: json } }),
      ...(form === undefined ? {} : { 'multipart/form-data': { schema: form } }),
      ...Object.fromEntries(raw.map((type) => [type, {}])),
    },
  };
}

function answers(operation: Operation) {
  return Object.fromEntries(
    Object.entries(operation.answers).map(([status, doc]) => [
      status,
      answer(doc, isCounted(operation) ? RATE_HEADERS : []),
    ]),
  );
}

function answer(
  { description, json, content = {}, headers = [] }: AnswerDoc,
  more: readonly string[],
): ZodOpenApiResponseObject {
  const names = [...headers, ...more, HEADERS.requestId];
  const types = Object.entries(content).map(([type, text]) => [
    type,
    type === 'application/json' ? {} : { schema: z.string().meta({ description: text }) },
  ]);
  return {
    description,
    headers: headerDocs(names),
    ...(json === undefined && types.length === 0
      ? {}
      : {
          content: {
            ...(json === undefined ? {} : { 'application/json': { schema: json } }),
            ...Object.fromEntries(types),
          },
        }),
  };
}

function headerDocs(names: readonly string[]) {
  return z.object(Object.fromEntries(names.map((name) => [name, z.string().optional()])));
}

/** Problems by status: several codes share one. */
function problems(operation: Operation) {
  const byStatus = new Map<string, ProblemCode[]>();
  const counted: readonly ProblemCode[] = isCounted(operation) ? ['rate_limited'] : [];
  for (const code of [...(operation.problems ?? []), ...counted, ...COMMON_PROBLEMS]) {
    const status = String(PROBLEM_CODES[code].status);
    if (status in operation.answers) continue;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        ...(codes.includes('rate_limited')
          ? { headers: headerDocs([HEADERS.retryAfter, ...RATE_HEADERS]) }
          : {}),
        content: { [PROBLEM_TYPE]: { schema: ProblemSchema } },
      },
    ]),
  );
}
