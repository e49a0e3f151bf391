-- Gives a running request another TTL, and stores what it has used so far: so much is charged if its process dies.
-- Leases that have lapsed stay gone, for others may run in their place. What was settled is not brought back.
-- KEYS: its reservation, the running requests of its tenant, its lease sets. ARGV: request id, lease TTL in ms, ms for which a
-- reservation is kept, 1 if it may be new (Redis was away when the request began), usage record, then pairs of a field and what
-- was used of it in all.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local known = redis.call('HMGET', KEYS[1], 'record', 'settled')
if known[2] or not (known[1] or ARGV[4] == '1') then
  return 0
end
local lapsesAt = string.format('%.17g', now + ARGV[2])
redis.call('HSET', KEYS[1], 'record', ARGV[5], unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], lapsesAt, ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
for at = 3, #KEYS do
  redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', string.format('%.17g', now))
  redis.call('ZADD', KEYS[at], 'XX', lapsesAt, ARGV[1])
  if tonumber(ARGV[2]) > redis.call('PTTL', KEYS[at]) then
    redis.call('PEXPIRE', KEYS[at], ARGV[2])
  end
end
return 1
