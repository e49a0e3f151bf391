-- Checks every limit of a request, then reserves from all of them; or refuses and changes nothing.
-- KEYS: the reservation of the request, the running requests of its tenant, the counters of each limit, and the samples of
-- its model's output where it has one. Counters: of a rate its bucket, of a cap its lease set and how many wait for each set, of a
-- budget what is used of its period and of the next one.
-- ARGV: request id, lease TTL in ms, ms for which a reservation is kept, usage record, greatest number of output tokens
-- (-1: no output), 1 if nothing is charged for the request if its process dies, then per limit its kind, 1 if it is enforced, and its numbers; they are named below.
-- Returns {1 admitted or 0 refused, now, estimated output, then per limit its level and how long it refuses; -1: it does not}.
-- Nothing is taken from a shadow limit that would refuse. {2, now}: a budget was asked for in other periods than Redis's.
-- {3}: the request was settled before.
--
-- A bucket is stored as the time (ms) at which it is full again, and expires at that time: a missing bucket is full.
-- So no timer refills it, and after a change of its capacity it keeps its share: half full stays half full.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
-- Lua prints only 14 digits of a number.
local function exactly(number)
  return string.format('%.17g', number)
end

local id, ttl, keptMs, maxOutput = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[5])
if redis.call('EXISTS', KEYS[1]) == 1 then
  return { 3 }
end
local output = 0
if maxOutput >= 0 then
  output = math.min(maxOutput, tonumber(redis.call('HGET', KEYS[#KEYS], 'p90') or 4096))
end

local limits, admitted, key, arg = {}, 1, 3, 7
local function number(at)
  return tonumber(ARGV[arg + 1 + at])
end
while arg <= #ARGV do
  local limit = { kind = ARGV[arg], key = KEYS[key], refusesMs = -1, enforced = ARGV[arg + 1] == '1' }
  if limit.kind == 'rate' then
    -- 1: ms to fill it from empty, 2: ms of refill that the request costs, 3: and each token of its output.
    limit.level = math.max(0, tonumber(redis.call('GET', limit.key) or 0) - now)
    limit.cost = number(2) + number(3) * output
    local wait = limit.level + math.min(limit.cost, number(1)) - number(1)
    -- A microsecond, so that rounding does not refuse the last unit.
    if wait > 0.001 then
      limit.refusesMs = wait
    end
    key, arg = key + 1, arg + 5
  elseif limit.kind == 'cap' then
    -- 1: how many leases there may be, 2: 1 if those come first that wait for one, 3: 1 if a place was granted to the request.
    redis.call('ZREMRANGEBYSCORE', limit.key, '-inf', exactly(now))
    limit.level = redis.call('ZCARD', limit.key)
    limit.cost = 1
    local isHeld = number(3) == 1 and redis.call('ZSCORE', limit.key, id)
    if isHeld then
      limit.level = limit.level - 1
    end
    if limit.level >= number(1) or (not isHeld and number(2) == 1 and redis.call('HGET', KEYS[key + 1], limit.key)) then
      limit.refusesMs = 0
    end
    key, arg = key + 2, arg + 5
  else
    -- In micro-dollars 1: the budget, 2: what the request costs, 3: and each token of its output. In ms since the epoch
    -- 4: when the period begins, 5: when the next one begins, 6: when that one ends.
    if now < number(4) or now >= number(6) then
      return { 2, exactly(now) }
    end
    limit.endsInMs = number(5) - now
    if limit.endsInMs <= 0 then
      limit.key, limit.endsInMs = KEYS[key + 1], number(6) - now
    end
    limit.level = tonumber(redis.call('GET', limit.key) or 0)
    limit.cost = math.ceil(number(2) + number(3) * output)
    if limit.level + limit.cost > number(1) then
      limit.refusesMs = limit.endsInMs
    end
    key, arg = key + 2, arg + 8
  end
  if limit.enforced and limit.refusesMs >= 0 then
    admitted = 0
  end
  limits[#limits + 1] = limit
end

local reply = { admitted, exactly(now), exactly(output) }
-- What is not charged if its process dies leaves no record either; who asks what runs finds it under another name.
local reserved = ARGV[6] == '1' and { 'record', '', 'try', ARGV[4] } or { 'record', ARGV[4] }
for at, limit in ipairs(limits) do
  if admitted == 1 and limit.refusesMs < 0 then
    limit.level = limit.level + limit.cost
    if limit.kind == 'rate' then
      if limit.cost > 0 then
        redis.call('SET', limit.key, exactly(now + limit.level), 'PX', exactly(math.ceil(limit.level)))
      end
    elseif limit.kind == 'cap' then
      redis.call('ZADD', limit.key, exactly(now + ttl), id)
      if ttl > redis.call('PTTL', limit.key) then
        redis.call('PEXPIRE', limit.key, ARGV[2])
      end
    else
      -- It outlives its period, for a settlement that comes later.
      redis.call('SET', limit.key, exactly(limit.level), 'PX', exactly(math.ceil(limit.endsInMs) + keptMs))
    end
    if limit.kind ~= 'cap' then
      reserved[#reserved + 1] = limit.kind .. ':' .. limit.key
      reserved[#reserved + 1] = exactly(limit.cost)
      if ARGV[6] == '1' then
        -- As renew.lua stores what was used so far.
        reserved[#reserved + 1] = 'used:' .. limit.kind .. ':' .. limit.key
        reserved[#reserved + 1] = '0'
      end
    end
  end
  reply[2 + 2 * at], reply[3 + 2 * at] = exactly(limit.level), exactly(limit.refusesMs)
end
if admitted == 1 then
  redis.call('HSET', KEYS[1], unpack(reserved))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  redis.call('ZADD', KEYS[2], exactly(now + ttl), id)
  redis.call('PEXPIRE', KEYS[2], ARGV[3])
end
return reply
