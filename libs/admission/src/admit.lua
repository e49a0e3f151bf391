-- Checks every bucket, then debits all of them and takes a lease; or refuses and debits none.
-- KEYS: rate limits, leases. ARGV: lease id, lease TTL in ms, then per bucket: name, ms to fill it from empty,
-- ms that flow in before it holds enough, ms that the cost takes to flow in again.
-- Returns {1, ms until bucket 1 is full, …} or {0, position of the bucket that is late, ms to wait}.
--
-- A bucket is kept as the time (ms) at which it is full again, and one that is full is not kept at all. So it needs
-- no timer, a full one expires, and a changed capacity keeps its share: half full stays half full.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
-- Numbers would be cut to 14 digits on their way into a string.
local function exactly(number)
  return string.format('%.17g', number)
end

local first, width = 3, 4
local missing = {}
local latest, latestWait = 0, 0.001 -- a microsecond: rounding must not refuse the last unit
for at = first, #ARGV, width do
  local fullAt = tonumber(redis.call('HGET', KEYS[1], ARGV[at]) or 0)
  local bucket = (at - first) / width + 1
  missing[bucket] = math.max(0, fullAt - now)
  local wait = missing[bucket] + ARGV[at + 2] - ARGV[at + 1]
  if wait > latestWait then
    latest, latestWait = bucket, wait
  end
end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', exactly(now))
if latest > 0 then
  return { 0, latest, exactly(latestWait) }
end

local reply, longest = { 1 }, 0
for bucket, missingMs in ipairs(missing) do
  local at = first + (bucket - 1) * width
  local cost = tonumber(ARGV[at + 3])
  local fullIn = missingMs + cost
  if cost > 0 then
    redis.call('HSET', KEYS[1], ARGV[at], exactly(now + fullIn))
    longest = math.max(longest, fullIn)
  end
  reply[bucket + 1] = exactly(fullIn)
end
if longest > redis.call('PTTL', KEYS[1]) then
  redis.call('PEXPIRE', KEYS[1], math.ceil(longest))
end

local ttl = tonumber(ARGV[2])
redis.call('ZADD', KEYS[2], exactly(now + ttl), ARGV[1])
if ttl > redis.call('PTTL', KEYS[2]) then
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
return reply
