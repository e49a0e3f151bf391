import { isApiKey } from '../credentials/api-key-format.ts';
import { storeApiKey } from './store-api-key.ts';
import type { ApiKeyDependencies, NewApiKey, StoredApiKey } from './store-api-key.ts';

/**
 * Stores an API key that exists already; doing so again changes nothing. One that was revoked stays so, and the
 * outcome says it. Throws RangeError for a text of another shape, TenantUnknownError, StoreUnavailableError.
 */
export async function importApiKey(deps: ApiKeyDependencies, key: NewApiKey): Promise<StoredApiKey> {
  if (!isApiKey(key.apiKey.reveal())) throw new RangeError('This is not an API key of this gateway.');
  return storeApiKey(deps, key);
}
