/**
 * What a credential may do. `messages` and `batches` reach models, `self` is what the gateway says about the caller and
 * lets the caller do with their own API keys, `tenant:…` is the caller's tenant, `operator:…` every tenant.
 */
export const scopes = [
  'messages',
  'batches',
  'self',
  'tenant:read',
  'tenant:write',
  'operator:read',
  'operator:write',
] as const;

export type Scope = (typeof scopes)[number];
