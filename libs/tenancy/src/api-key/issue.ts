import type { Secret } from '@ccg/kernel';
import { generateApiKey } from '../credentials/api-key-format.ts';
import type { RandomBytes } from '../credentials/api-key-format.ts';
import { storeApiKey } from './store-api-key.ts';
import type { ApiKeyDependencies, NewApiKey } from './store-api-key.ts';

/** Makes an API key for a tenant. Its text is given here once and is nowhere stored. Throws TenantUnknownError, StoreUnavailableError. */
export async function issueApiKey(
  deps: ApiKeyDependencies & { readonly randomBytes: RandomBytes },
  key: Omit<NewApiKey, 'apiKey'>,
): Promise<{ readonly apiKey: Secret; readonly id: string }> {
  const apiKey = generateApiKey(deps.randomBytes);
  const { id } = await storeApiKey(deps, { ...key, apiKey });
  return { apiKey, id };
}
