import { z } from 'zod';
import { batchRecord } from '../batch-shown.ts';
import { cancelBatchView, listBatchViews, readBatchView } from '../batch-views.ts';
import { operation } from '../operation.ts';
import { pageOf, pageQuery } from '../schemas.ts';

const tenant = z.string().optional().meta({ description: 'Left out: your own; for operators, all.' });
const status = z.enum(['in_progress', 'canceling', 'ended'], {
  error: 'must be in_progress, canceling or ended',
});
const named = z.strictObject({ tenant });

export const batchOperations = [
  operation({
    name: 'admin.batches.list',
    method: 'GET',
    path: '/batches',
    summary:
      'Lists message batches with how far they are, newest first. A page may have fewer than the limit although there are more.',
    scope: 'tenant:read, operator:read for all tenants, or self for one’s own',
    query: pageQuery.extend({ tenant, status: status.optional() }),
    status: 200,
    answer: pageOf(batchRecord),
    handle: ({ actor, query }, deps) => listBatchViews(deps, actor, query),
  }),
  operation({
    name: 'admin.batches.get',
    method: 'GET',
    path: '/batches/{batch}',
    summary: 'Reads a message batch with how far it is.',
    scope: 'tenant:read, or self for one’s own',
    query: named,
    status: 200,
    answer: batchRecord,
    handle: ({ actor, params, query }, deps) => readBatchView(deps, actor, { ...query, id: params.batch }),
  }),
  operation({
    name: 'admin.batches.cancel',
    method: 'POST',
    path: '/batches/{batch}/cancel',
    summary:
      'Cancels a message batch: items that run get their result, the others none. One that was canceled or has ended stays as it is.',
    scope: 'tenant:write, or self for one’s own',
    query: named,
    status: 200,
    answer: batchRecord,
    handle: ({ actor, params, query }, deps) => cancelBatchView(deps, actor, { ...query, id: params.batch }),
  }),
];
