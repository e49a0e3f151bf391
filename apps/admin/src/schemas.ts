import { limitsRule, timeZoneRule, waitingWeightRule } from '@ccg/catalog';
import { scopes } from '@ccg/kernel';
import { z } from 'zod';

const patternMaxLength = 200;

/** The id of a tenant, or the name of a policy or a group. */
export const idText = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/u, {
  error: 'must be up to 63 of a-z, 0-9, "-" and "_", and begin with a letter or a digit',
});

const pattern = z
  .string()
  .regex(/^[^\p{Cc}]+$/u, { error: 'must have 1 to 200 characters, none a control character' })
  .max(patternMaxLength, { error: 'must have 1 to 200 characters, none a control character' });

function patterns(of: z.ZodString, description: string) {
  return z
    .array(of)
    .min(1, { error: 'must not be empty; "*" allows everything' })
    .max(200, { error: 'must have at most 200 patterns' })
    .optional()
    .meta({ description });
}

export const allowlist = z
  .strictObject({
    models: patterns(pattern, 'Patterns of the names that clients ask for. "*" stands for any text.'),
    targets: patterns(
      pattern.regex(/[:*]/u, { error: 'must be {provider}:{model}; "*" stands for any text' }),
      'Patterns of the {provider}:{model} that serve them.',
    ),
  })
  .refine(({ models, targets }) => models !== undefined || targets !== undefined, {
    error: 'must have models, targets or both; "*" allows everything',
  })
  .meta({ id: 'Allowlist', description: 'Which models may be used.' });

export const limits = limitsRule.meta({
  id: 'Limits',
  description: 'How much may be used: a list of limits, or the requests per minute of the whole tenant.',
});

export const timeZone = timeZoneRule.meta({
  description: 'Where the days, weeks and months of budgets begin, such as Europe/Berlin.',
});

export const contactIs = 'Whom a developer asks who is stopped by a limit.';

export const groupIs = 'Whose pool of the limits of that level the user shares.';

export const waitingWeight = waitingWeightRule.meta({
  description: 'How many turns the user has where others have one, while requests wait. 1 unless given.',
});

export const tenantWaitingWeight = waitingWeightRule.meta({
  description: 'How many items of its batches run where other tenants have one, while all have work. 1 unless given.',
});

export const policyNames = z
  .array(idText)
  .max(10, { error: 'must name at most 10 policies' })
  .meta({ description: 'Policies of the tenant. Each of them must allow a model.' });

export const scopeList = z
  .array(z.enum(scopes, { error: `must be one of ${scopes.join(', ')}` }))
  .min(1, { error: 'must name at least one scope' });

export const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2030-01-31T12:00:00Z' });

const limitError = 'must be a whole number from 1 to 200';

/** Which part of a list is asked for. */
export const pageQuery = z.strictObject({
  limit: z.coerce
    .number({ error: limitError })
    .int({ error: limitError })
    .min(1, { error: limitError })
    .max(200, { error: limitError })
    .optional()
    .meta({ description: 'How many, 50 unless given.' }),
  cursor: z.string().optional().meta({ description: 'The nextCursor of the page before.' }),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    nextCursor: z.string().optional().meta({ description: 'Left out on the last page.' }),
  });
}

/** What every error is answered with. */
export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: 'What is wrong and what to do next.' }),
    code: z.string().meta({ description: 'The kind of failure, for programs.' }),
    requestId: z.string(),
    errors: z
      .array(z.strictObject({ path: z.string().meta({ example: 'allowlist.models[0]' }), message: z.string() }))
      .optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });
