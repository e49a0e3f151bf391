-- Ends a lease and gives back what it took too much, once.
-- KEYS: rate limits, leases. ARGV: lease id, then per credit: bucket name, ms that its amount takes to flow in.
-- Returns 1, or 0 where the lease is settled, lapsed or never was.
if redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then
  return 0
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
for at = 2, #ARGV, 2 do
  local fullAt = tonumber(redis.call('HGET', KEYS[1], ARGV[at]) or 0)
  local missing = math.max(0, fullAt - now) - ARGV[at + 1]
  if missing > 0 then
    redis.call('HSET', KEYS[1], ARGV[at], string.format('%.17g', now + missing))
    if missing > redis.call('PTTL', KEYS[1]) then
      redis.call('PEXPIRE', KEYS[1], math.ceil(missing))
    end
  else
    redis.call('HDEL', KEYS[1], ARGV[at])
  end
end
return 1
