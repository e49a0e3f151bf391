import { logLevels } from '@ccg/telemetry';
import { done, setLogLevel } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';

const level = z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` });
const range = 'must be whole seconds, from 0 to 86400 (24 hours)';

export const logLevelOperations = [
  operation({
    name: 'admin.log-level.set',
    method: 'PUT',
    path: '/log-level',
    summary: 'Sets the level of the logs of every process for a while. Then the configured one counts again.',
    scope: 'operator:write',
    body: z.strictObject({
      level,
      forSeconds: z
        .int({ error: range })
        .min(0, { error: range })
        .max(86_400, { error: range })
        .default(600)
        .meta({ description: 'For how long; 0 ends an earlier change. 600 unless given.' }),
    }),
    status: 200,
    answer: z.strictObject({ level, until: z.string().meta({ description: 'ISO 8601.' }) }),
    handle: async ({ actor, body }, { tenancy }) => {
      const result = await setLogLevel(tenancy, actor, { level: body.level, forMs: body.forSeconds * 1000 });
      if (result.kind === 'refused') return result;
      return done({ level: body.level, until: new Date(result.value.untilMs).toISOString() });
    },
  }),
];
