/** What a credential needs at an endpoint; `public` is none, `basic` is the token of the operators in HTTP Basic. */
type Needs =
  | 'public'
  | 'basic'
  | 'any'
  | 'messages'
  | 'batches'
  | 'self'
  | 'tenant:read'
  | 'tenant:write'
  | 'operator:read'
  | 'operator:write';

export interface SecurityRow {
  readonly needs: Needs;
  /** Whether the scope `self` reaches what is the caller's own. */
  readonly orSelf?: true;
  /** A body that is right. */
  readonly body?: object;
}

const allowlist = { models: ['*'] };

/** A row for every endpoint of the gateway, by its name. */
export const gatewayRows: Readonly<Record<string, SecurityRow>> = {
  hello: { needs: 'public' },
  messages: { needs: 'messages', body: { model: 'x', max_tokens: 1, messages: [] } },
  count_tokens: { needs: 'messages', body: { model: 'x', messages: [] } },
  models: { needs: 'messages' },
  model: { needs: 'messages' },
  batches_list: { needs: 'batches' },
  batches_create: { needs: 'batches', body: { requests: [{ custom_id: 'x', params: {} }] } },
  batches_get: { needs: 'batches' },
  batches_delete: { needs: 'batches' },
  batches_cancel: { needs: 'batches' },
  batches_results: { needs: 'batches' },
  usage: { needs: 'self' },
  unsupported: { needs: 'messages' },
};

/** A row for every endpoint of the admin API, by its name. */
export const adminRows: Readonly<Record<string, SecurityRow>> = {
  'admin.openapi': { needs: 'public' },
  'admin.self.get': { needs: 'any' },
  'admin.self.api-keys.list': { needs: 'self' },
  'admin.self.api-keys.create': { needs: 'self', body: { name: 'x', scopes: ['self'] } },
  'admin.self.api-keys.get': { needs: 'self' },
  'admin.self.api-keys.rotate': { needs: 'self', body: {} },
  'admin.self.api-keys.revoke': { needs: 'self' },
  'admin.tenants.list': { needs: 'operator:read' },
  'admin.tenants.create': { needs: 'operator:write', body: { id: 'new', name: 'New', allowlist } },
  'admin.tenants.get': { needs: 'tenant:read' },
  'admin.tenants.update': { needs: 'tenant:write', body: { name: 'Renamed' } },
  'admin.tenants.suspend': { needs: 'operator:write' },
  'admin.tenants.resume': { needs: 'operator:write' },
  'admin.users.list': { needs: 'tenant:read' },
  'admin.users.create': { needs: 'tenant:write', body: { name: 'Eve' } },
  'admin.users.get': { needs: 'tenant:read' },
  'admin.users.update': { needs: 'tenant:write', body: { name: 'Renamed' } },
  'admin.users.suspend': { needs: 'tenant:write' },
  'admin.users.resume': { needs: 'tenant:write' },
  'admin.policies.list': { needs: 'tenant:read' },
  'admin.policies.put': { needs: 'tenant:write', body: { allowlist } },
  'admin.policies.remove': { needs: 'tenant:write' },
  'admin.limits.list': { needs: 'tenant:read' },
  'admin.limits.put': {
    needs: 'tenant:write',
    // One that only counts: others, an administrator of the tenant cannot remove.
    body: { level: 'tenant', kind: 'concurrency', amount: 5, mode: 'shadow' },
  },
  'admin.limits.remove': { needs: 'tenant:write' },
  'admin.api-keys.list': { needs: 'tenant:read', orSelf: true },
  'admin.api-keys.create': { needs: 'tenant:write', orSelf: true, body: { name: 'x', scopes: ['self'] } },
  'admin.api-keys.import': { needs: 'tenant:write', body: { name: 'x', digest: 'ab'.repeat(32) } },
  'admin.api-keys.get': { needs: 'tenant:read', orSelf: true },
  'admin.api-keys.rotate': { needs: 'tenant:write', orSelf: true, body: {} },
  'admin.api-keys.revoke': { needs: 'tenant:write', orSelf: true },
  'admin.tokens.revoke': { needs: 'tenant:write', body: { issuer: 'https://id.example.com/', subject: 'nobody' } },
  'admin.sessions.list': { needs: 'tenant:read' },
  'admin.sessions.kill': { needs: 'tenant:write', body: { session: 'x' } },
  'admin.sessions.resume': { needs: 'tenant:write', body: { session: 'x' } },
  'admin.batches.list': { needs: 'tenant:read', orSelf: true },
  'admin.batches.get': { needs: 'tenant:read', orSelf: true },
  'admin.batches.cancel': { needs: 'tenant:write', orSelf: true, body: {} },
  'admin.usage.read': { needs: 'tenant:read', orSelf: true },
  'admin.requests.explain': { needs: 'tenant:read', orSelf: true },
  'admin.refusals.list': { needs: 'tenant:read', orSelf: true },
  'admin.refusals.callers': { needs: 'tenant:read' },
  'admin.refusals.minutes': { needs: 'tenant:read' },
  'admin.audit.tenant': { needs: 'tenant:read' },
  'admin.audit.operators': { needs: 'operator:read' },
  'admin.apply': { needs: 'operator:write', body: {} },
  'queues.page': { needs: 'basic' },
  'queues.board': { needs: 'basic' },
  'admin.log-level.set': { needs: 'operator:write', body: { level: 'info', forSeconds: 0 } },
};
