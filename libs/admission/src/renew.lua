-- Gives leases another TTL. Leases that were settled or have lapsed stay gone.
-- KEYS: one lease set. ARGV: TTL in ms, then the lease ids.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.17g', now))
local expiresAt = string.format('%.17g', now + ARGV[1])
for at = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', expiresAt, ARGV[at])
end
if tonumber(ARGV[1]) > redis.call('PTTL', KEYS[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return 1
