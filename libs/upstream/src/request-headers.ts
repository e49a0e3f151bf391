import { assertNever } from '@ccg/kernel';
import { anthropicCapabilities } from '@ccg/catalog';
import type { Provider } from '@ccg/catalog';
import type { HeaderList } from '@ccg/wire';

/** What of a client's headers an Anthropic upstream gets; everything else stays here, credentials above all. */
const passedToAnthropic =
  /^(?:anthropic-(?:version|beta|dangerous-direct-browser-access)|user-agent|x-app|x-stainless-.+|x-claude-code-.+)$/u;

/**
 * The headers of a call: the provider's own credential, what its dialect lets through of the client's headers,
 * and no content coding, since answers are relayed as they come.
 */
export function requestHeaders(provider: Provider, clientHeaders: HeaderList, own: HeaderList): HeaderList {
  const common: HeaderList = [['content-type', 'application/json'], ['accept-encoding', 'identity'], ...own];
  switch (provider.dialect) {
    case 'anthropic': {
      const { betas } = anthropicCapabilities(provider.profile);
      const passed = clientHeaders.filter(
        ([name]) => passedToAnthropic.test(name) && (betas || name !== 'anthropic-beta'),
      );
      const version: HeaderList = passed.some(([name]) => name === 'anthropic-version')
        ? []
        : [['anthropic-version', '2023-06-01']];
      return [...common, ...passed, ...version, ...credential(provider, 'x-api-key', '')];
    }
    case 'openai-chat':
      return [...common, ['user-agent', 'claude-code-gateway'], ...credential(provider, 'authorization', 'Bearer ')];
    default:
      return assertNever(provider);
  }
}

/** Whether the client's query (`?beta=true`) belongs to the upstream's protocol too. */
export function passesQuery(provider: Provider): boolean {
  return provider.dialect === 'anthropic';
}

function credential(provider: Provider, name: string, scheme: string): HeaderList {
  return provider.credential === undefined ? [] : [[name, scheme + provider.credential.reveal()]];
}
