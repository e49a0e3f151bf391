import { GatewayError } from '@ccg/kernel';
import type { GatewayEndpoint } from '../data-app.ts';

/** APIs of Anthropic and OpenAI that clients may ask for and that this gateway does not have, with what to do instead. */
const unsupported: Readonly<Record<string, string>> = {
  '/v1/files': 'Send the file inside the message, as a base64 block.',
  '/v1/skills': 'Send the instructions in the system prompt.',
  ...Object.fromEntries(
    ['chat/completions', 'complete', 'completions', 'embeddings', 'responses'].map((name) => [
      `/v1/${name}`,
      "It speaks Anthropic's Messages API: use an Anthropic SDK, or POST /v1/messages.",
    ]),
  ),
  ...Object.fromEntries(
    [
      'agents',
      'deployments',
      'deployment_runs',
      'dreams',
      'environments',
      'memory_stores',
      'organizations',
      'sessions',
      'tunnels',
      'user_profiles',
      'vaults',
    ].map((name) => [
      `/v1/${name}`,
      'Use POST /v1/messages, POST /v1/messages/count_tokens or GET /v1/models, or call the Anthropic API directly.',
    ]),
  ),
};

/** Tells a client that an API is missing here, so that it does not look for a wrong base URL. */
export function unsupportedEndpoints(): GatewayEndpoint[] {
  return Object.entries(unsupported).map(([path, advice]) => ({
    name: 'unsupported',
    path: `${path}{/*rest}`,
    methods: 'any',
    access: 'principal',
    scope: 'messages',
    handle: () =>
      Promise.reject(new GatewayError('path-unknown', `${path} is not supported by this gateway. ${advice}`)),
  }));
}
