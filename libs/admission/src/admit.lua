-- Checks every limit, then takes a lease in every set and debits every bucket; or refuses and changes nothing.
-- KEYS: the lease sets, then the buckets. ARGV: lease id, lease TTL in ms, number of lease sets, per lease set the
-- number of leases that it may hold, then per bucket: ms to fill it from empty, ms of refill that it must hold, ms of
-- refill that the request costs.
-- Returns {1, leases in set 1, …, ms until bucket 1 is full, …} or {0, position in KEYS of the limit that takes longest,
-- ms to wait; 0 for a lease set}.
--
-- A bucket is stored as the time (ms) at which it is full again, and expires at that time: a missing bucket is full.
-- So no timer refills it, and after a change of its capacity it keeps its share: half full stays half full.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
-- Lua prints only 14 digits of a number.
local function exactly(number)
  return string.format('%.17g', number)
end

local lease, ttl, leaseSets = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local firstBucket = 4 + leaseSets
local full, latest, latestWait = 0, 0, 0.001 -- a microsecond, so that rounding does not refuse the last unit
local left = {}

for at = 1, leaseSets do
  redis.call('ZREMRANGEBYSCORE', KEYS[at], '-inf', exactly(now))
  left[at] = redis.call('ZCARD', KEYS[at]) + 1
  if left[at] > tonumber(ARGV[3 + at]) then
    full = at
  end
end
for at = leaseSets + 1, #KEYS do
  local arg = firstBucket + (at - leaseSets - 1) * 3
  left[at] = math.max(0, tonumber(redis.call('GET', KEYS[at]) or 0) - now)
  local wait = left[at] + ARGV[arg + 1] - ARGV[arg]
  if wait > latestWait then
    latest, latestWait = at, wait
  end
end
if latest > 0 then
  return { 0, latest, exactly(latestWait) }
end
if full > 0 then
  return { 0, full, 0 }
end

local reply = { 1 }
for at = 1, leaseSets do
  redis.call('ZADD', KEYS[at], exactly(now + ttl), lease)
  if ttl > redis.call('PTTL', KEYS[at]) then
    redis.call('PEXPIRE', KEYS[at], ARGV[2])
  end
  reply[at + 1] = left[at]
end
for at = leaseSets + 1, #KEYS do
  local cost = tonumber(ARGV[firstBucket + (at - leaseSets - 1) * 3 + 2])
  local fullIn = left[at] + cost
  if cost > 0 then
    redis.call('SET', KEYS[at], exactly(now + fullIn), 'PX', exactly(math.ceil(fullIn)))
  end
  reply[at + 1] = exactly(fullIn)
end
return reply
