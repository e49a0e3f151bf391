import { expect, test } from 'vitest';
import { createRedisKeys } from './redis-keys.ts';

const redisKeys = createRedisKeys('ccg:');

test('everything of a tenant shares its hash tag, and no other name has one', () => {
  const ofTenant = [
    redisKeys.tenant('acme'),
    redisKeys.unlistedApiKeys('acme'),
    redisKeys.apiKeyList('acme'),
    redisKeys.apiKeysOfUser('acme', 'usr_1'),
    redisKeys.importedApiKeys('acme'),
    redisKeys.users('acme'),
    redisKeys.userNames('acme'),
    redisKeys.userList('acme'),
    redisKeys.policies('acme'),
    redisKeys.policyList('acme'),
    redisKeys.audit('acme'),
    redisKeys.apiKey('acme', 'key_1'),
    redisKeys.rateLimit('acme', 'requests', 'tenant'),
    redisKeys.rateLimit('acme', 'requests', 'user:ada'),
    redisKeys.leases('acme', 'tenant'),
    redisKeys.leases('acme', 'user:ada'),
    redisKeys.budget('acme', '2026-11-28', 'budget', 'tenant'),
    redisKeys.outputEstimate('acme', 'm1'),
    redisKeys.reservation('acme', 'req_1'),
    redisKeys.reservations('acme'),
    redisKeys.usageRecords('acme'),
    redisKeys.usagePosition('acme'),
    redisKeys.refusalCounts('acme', 'minutes', '2026-11-28'),
    redisKeys.recentRefusals('acme'),
    redisKeys.recentRefusalsOf('acme', 'usr_1'),
    redisKeys.refusedCallers('acme'),
    redisKeys.refusalsWritten('acme', 'replica_1'),
    redisKeys.usageTable('acme', 'models', '2026-11-28'),
  ];
  for (const name of ofTenant) expect(name.startsWith('ccg:{t:acme}:')).toBe(true);
  expect(new Set(ofTenant).size).toBe(ofTenant.length);
  const ofAll = [
    redisKeys.apiKeyIndex('d1'),
    redisKeys.tenantList(),
    redisKeys.operatorAudit(),
    redisKeys.batches.uploads(),
    redisKeys.batches.tenants(),
    redisKeys.batches.fileBytes(),
    redisKeys.batches.filesIdentity(),
    redisKeys.liveReplicas(),
    redisKeys.pepperFingerprint(),
    redisKeys.logLevel(),
    redisKeys.logLevelChanges(),
    redisKeys.authorizationChanges(),
  ];
  for (const name of ofAll) {
    expect(name).toMatch(/^ccg:[^{}]+$/u);
  }
});

test('a tenant or prefix with a brace is refused: it could move into another hash tag', () => {
  expect(() => redisKeys.leases('a}b', 'tenant')).toThrow(RangeError);
  expect(() => createRedisKeys('{x}:')).toThrow(RangeError);
});
