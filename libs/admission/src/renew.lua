-- Prolongs a lease that is still held; one that was settled or purged stays gone.
-- KEYS: leases. ARGV: lease id, TTL in ms.
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  return 0
end
local clock = redis.call('TIME')
local ttl = tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], string.format('%.17g', clock[1] * 1000 + clock[2] / 1000 + ttl), ARGV[1])
if ttl > redis.call('PTTL', KEYS[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
