import { isApiKey } from '../credentials/api-key-format.ts';
import { storeApiKey } from './api-key-record.ts';
import type { ApiKeyDependencies, NewApiKey, StoredApiKey } from './api-key-record.ts';

/**
 * Stores an API key that already exists; a second import changes nothing. A revoked one stays revoked, and the outcome
 * says so. Throws RangeError for a text that is no API key, TenantUnknownError, StoreUnavailableError.
 */
export async function importApiKey(deps: ApiKeyDependencies, key: NewApiKey): Promise<StoredApiKey> {
  if (!isApiKey(key.apiKey.reveal())) throw new RangeError('This is not an API key of this gateway.');
  return storeApiKey(deps, key);
}
