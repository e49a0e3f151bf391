import type { Secret } from '@ccg/kernel';
import { generateApiKey } from '../credentials/api-key-format.ts';
import type { RandomBytes } from '../credentials/api-key-format.ts';
import { storeApiKey } from './api-key-record.ts';
import type { ApiKeyDependencies, NewApiKey } from './api-key-record.ts';

/** Creates an API key for a tenant. This is the only time that its text is shown; it is not stored. Throws TenantUnknownError, StoreUnavailableError. */
export async function issueApiKey(
  deps: ApiKeyDependencies & { readonly randomBytes: RandomBytes },
  key: Omit<NewApiKey, 'apiKey'>,
): Promise<{ readonly apiKey: Secret; readonly id: string }> {
  const apiKey = generateApiKey(deps.randomBytes);
  const { id } = await storeApiKey(deps, { ...key, apiKey });
  return { apiKey, id };
}
