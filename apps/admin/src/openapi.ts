import { createDocument } from 'zod-openapi';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from 'zod-openapi';
import { z } from 'zod';
import type { Operation } from './operation.ts';
import { problem } from './schemas.ts';
import { basePath } from './serve-operation.ts';

export const documentPath = `${basePath}/openapi.json`;

const itself: ZodOpenApiOperationObject = {
  operationId: 'admin.openapi',
  tags: ['openapi'],
  summary: 'Gives this document.',
  security: [],
  responses: {
    200: { description: 'Done.', content: { 'application/json': { schema: z.looseObject({ openapi: z.string() }) } } },
  },
};

/** The OpenAPI 3.1 document of the operations, and of itself. */
export function openApiDocument(operations: readonly Operation[]): object {
  const paths: Record<string, ZodOpenApiPathsObject[string]> = { [documentPath]: { get: itself } };
  for (const operation of operations) {
    const path = basePath + operation.path;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Claude Code Gateway: administration',
      version: '1',
      description:
        'Tenants and their limits, users, API keys and policies. Every error is a problem document (RFC 9457).',
    },
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The token of the operators, an API key (ccg_live_…) or a token (JWT) of a configured issuer.',
        },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same, in another header.' },
      },
    },
  });
}

const idempotencyKey = z.string().optional().meta({
  description:
    'Makes a repeated request safe for 24 hours: with the same key and body it gets the first answer again, without the text of an API key.',
});

function describe(operation: Operation): ZodOpenApiOperationObject {
  const { name, summary, scope, status, answer, lines, csv, query, body, path, idempotency } = operation;
  const names = [...path.matchAll(/\{(\w+)\}/gu)].map(([, param = '']) => param);
  const params = {
    ...(names.length === 0 ? {} : { path: z.object(Object.fromEntries(names.map((param) => [param, z.string()]))) }),
    ...(Object.keys(query.shape).length === 0 ? {} : { query }),
    ...(idempotency === undefined ? {} : { header: z.object({ 'Idempotency-Key': idempotencyKey }) }),
  };
  return {
    operationId: name,
    tags: [name.split('.')[1] ?? name],
    summary,
    description: `Scope: ${scope}.`,
    ...(Object.keys(params).length === 0 ? {} : { requestParams: params }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: !body.safeParse({}).success, content: { 'application/json': { schema: body } } } }),
    responses: {
      [`${status}`]: {
        description: 'Done.',
        content: {
          'application/json': { schema: answer },
          ...(lines === undefined ? {} : { 'application/jsonl': { schema: lines } }),
          ...(csv === undefined ? {} : { 'text/csv': { schema: z.string() } }),
        },
      },
      default: { description: 'Refused.', content: { 'application/problem+json': { schema: problem } } },
    },
  };
}
