-- KEYS: tenant, API key, the tenant's set of API keys. ARGV: id, then the fields and values of the record.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 'tenant-unknown'
end
local state = redis.call('HGET', KEYS[2], 'state')
if state then
  return state
end
redis.call('HSET', KEYS[2], 'state', 'active', unpack(ARGV, 2))
redis.call('SADD', KEYS[3], ARGV[1])
return 'created'
