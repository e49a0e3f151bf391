-- Replaces what a request reserved by what it used, ends its leases and appends its usage record. Its reservation says what was
-- charged so far, and is gone afterwards: so a settlement that is sent again changes nothing.
-- KEYS: the reservation, the running requests of its tenant, the usage records of its tenant, how many wait for each lease set, its
-- lease sets, its buckets, its budgets, and the samples of its model's output if there is a sample.
-- ARGV: request id, how the request came to its end, ms for which a reservation is kept, greatest number of usage records, the
-- usage record (empty: none), the sample of output (empty: none), the numbers of lease sets, of buckets and of budgets, ms since the
-- buckets should have been charged, then per bucket the ms of refill that were used in all, and per budget the micro-dollars and the ms until it expires if it is new.
-- How: 'ended' in the usual way; 'guarded' by a script of which this one is a part, which makes it once: then it is made
-- even without a reservation; 'cancelled' nothing of it is used; 'unreserved' nothing may be charged yet, since Redis was away
-- when it began or has lost the reservation; 'lapsed' nobody has renewed its reservation, which is kept for the settlement that
-- may still come.
-- Returns 1, or 0 if there was nothing to settle; 2 more if others wait for a lease that ended.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local function exactly(number)
  return string.format('%.17g', number)
end

local reservation, running, records = KEYS[1], KEYS[2], KEYS[3]
local id, how, keptMs, recordsMax, record, sample = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local leaseSets, buckets, budgets, lateMs = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local othersWait = 0
for at = 5, 4 + leaseSets do
  if redis.call('ZREM', KEYS[at], id) == 1 and redis.call('HGET', KEYS[4], KEYS[at]) then
    othersWait = 2
  end
end
local known = redis.call('HMGET', reservation, 'record', 'settled', 'appended')
if how == 'guarded' then
  how = known[1] and 'ended' or 'unreserved'
  -- What was reserved was charged in time.
  lateMs = known[1] and 0 or lateMs
elseif how == 'lapsed' then
  local lapsesAt = redis.call('ZSCORE', running, id)
  if not lapsesAt or tonumber(lapsesAt) > now then
    return othersWait
  end
elseif known[2] or (how ~= 'unreserved' and not known[1]) then
  return othersWait
end
redis.call('ZREM', running, id)

local charged = {}
local function owed(field, total)
  charged[#charged + 1] = field
  charged[#charged + 1] = total
  return tonumber(total) - tonumber(redis.call('HGET', reservation, field) or 0)
end
local key, arg = 5 + leaseSets, 11
-- What flowed into a bucket since a late charge is taken from that charge first.
local chargedAt = now - lateMs
for _ = 1, buckets do
  local more = owed('rate:' .. KEYS[key], ARGV[arg])
  local missing = math.max(chargedAt, tonumber(redis.call('GET', KEYS[key]) or 0)) + more - now
  if missing <= 0 then
    redis.call('DEL', KEYS[key])
  elseif more ~= 0 then
    redis.call('SET', KEYS[key], exactly(now + missing), 'PX', exactly(math.ceil(missing)))
  end
  key, arg = key + 1, arg + 1
end
for _ = 1, budgets do
  local more = owed('budget:' .. KEYS[key], ARGV[arg])
  if more ~= 0 then
    local expiresInMs = redis.call('PTTL', KEYS[key])
    if expiresInMs < 0 then
      expiresInMs = ARGV[arg + 1]
    end
    local used = math.max(0, tonumber(redis.call('GET', KEYS[key]) or 0) + more)
    redis.call('SET', KEYS[key], exactly(used), 'PX', expiresInMs)
  end
  key, arg = key + 1, arg + 2
end

if record ~= '' then
  local replaces = known[3] or ''
  redis.call('XADD', records, 'MAXLEN', '~', recordsMax, '*', 'id', id, 'record', record, 'replaces', replaces)
end
if how == 'lapsed' then
  if known[1] then
    redis.call('HSET', reservation, 'appended', record, unpack(charged))
    redis.call('PEXPIRE', reservation, keptMs)
  end
else
  redis.call('DEL', reservation)
  if how == 'unreserved' then
    redis.call('HSET', reservation, 'settled', '1')
    redis.call('PEXPIRE', reservation, keptMs)
  end
end

-- The 90th percentile of the last 100 samples of output, brought up to date with every tenth; before 20 there is none.
if sample ~= '' then
  local samples = KEYS[#KEYS]
  local count = redis.call('HINCRBY', samples, 'count', 1)
  redis.call('HSET', samples, (count - 1) % 100, sample)
  redis.call('PEXPIRE', samples, 2592000000)
  if count >= 20 and count % 10 == 0 then
    local slots = {}
    for slot = 0, math.min(count, 100) - 1 do
      slots[slot + 1] = slot
    end
    local latest = redis.call('HMGET', samples, unpack(slots))
    for at, value in ipairs(latest) do
      latest[at] = tonumber(value)
    end
    table.sort(latest)
    redis.call('HSET', samples, 'p90', latest[math.ceil(#latest * 0.9)])
  end
end
return 1 + othersWait
