import { GatewayError } from '@ccg/kernel';
import { reconcile } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';

const kind = z.enum(['tenant', 'user', 'policy', 'api-key']);

const change = z
  .strictObject({
    action: z.enum(['create', 'update', 'suspend', 'resume', 'revoke', 'remove']),
    kind,
    tenant: z.string(),
    id: z.string().meta({ description: 'Of a user or an API key that does not exist yet, its name.' }),
    name: z.string().optional().meta({ description: 'Of users and API keys.' }),
    fields: z
      .array(z.string())
      .optional()
      .meta({ description: 'Of an update: what differs. `origin`: the API made it, and the file takes it over.' }),
  })
  .meta({ id: 'Change', description: 'One difference between gateway.yaml and the store.' });

const applyProblem = z
  .strictObject({
    kind,
    tenant: z.string(),
    id: z.string().meta({ description: 'Of users and API keys, the name.' }),
    message: z.string().meta({ description: 'What is wrong and what to do next.' }),
  })
  .meta({ id: 'ApplyProblem', description: 'Something of gateway.yaml that the store cannot have.' });

const retryAfterSeconds = 5;

export const applyOperations = [
  operation({
    name: 'admin.apply',
    method: 'POST',
    path: '/apply',
    summary:
      'Reads the gateway.yaml of the admin API anew and brings the store to what it says, or tells the differences.',
    scope: 'operator:write (dry run: operator:read)',
    body: z.strictObject({
      dryRun: z.boolean().default(false).meta({ description: 'Tells what would change, and changes nothing.' }),
      prune: z.boolean().default(false).meta({
        description:
          'Ends what the file made and names no more: revokes API keys, suspends users and tenants, removes policies.',
      }),
    }),
    status: 200,
    answer: z.strictObject({
      changes: z.array(change),
      problems: z.array(applyProblem),
      applied: z.boolean().meta({ description: 'False for a dry run.' }),
    }),
    handle: async ({ actor, body }, { tenancy, loadDirectory }) => {
      const load = () => {
        const read = loadDirectory();
        if (read.kind === 'valid') return read.directory;
        const errors = read.problems.map((message) => ({ path: 'gateway.yaml', message }));
        const advice =
          'The gateway.yaml of the admin API cannot be used. Correct what `errors` names, and apply again.';
        throw new GatewayError('file-invalid', advice, { publicDetails: errors });
      };
      const result = await reconcile(tenancy, actor, load, body);
      if (result.kind !== 'busy') return result;
      const advice = `Another process applies gateway.yaml just now. Try again in ${retryAfterSeconds} seconds.`;
      throw new GatewayError('apply-in-progress', advice, { retryAfterSeconds });
    },
  }),
];
