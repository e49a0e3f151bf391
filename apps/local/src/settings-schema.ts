import { z } from 'zod';

/** The variables that this app itself reads; everything else of the environment is the gateway's. */
export const settingsSchema = z.object({
  DATA_DIR: optional(z.string()),
  LOCAL_STORE: optional(
    z.enum(['redis-url', 'redis-server', 'embedded'], { error: 'must be redis-url, redis-server or embedded' }),
  ),
});

/** The names of the variables that only this app reads. */
export const localVariables: readonly string[] = Object.keys(settingsSchema.shape);

/** An empty variable counts as unset: compose files and charts cannot leave one out. */
function optional<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
}
