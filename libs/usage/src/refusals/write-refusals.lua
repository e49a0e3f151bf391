-- Counts refusals, and keeps the newest of them whole: so many of the tenant, and so many of each caller.
-- KEYS: the mark of the writer, the ring of the tenant, its callers that have a ring by when they were refused last, the
-- tables, the rings of callers, the marks of what is kept once in a while. ARGV: sequence of this write, ms for which the mark is kept, ms for which rings are kept,
-- sizes of the tenant's ring, of a caller's ring and of the callers that have one; number of tables, per table: ms until it
-- expires, number of rows that it may have, number of rows below, per row: its name, how many; number of callers, their
-- names; ms between two refusals of one mark; per refusal: its text, 1 if the ring of the tenant gets it, number of the caller
-- whose ring gets it or 0, number of its mark or 0.
-- Returns 1, or 0 where this write was made before.
local written = tonumber(redis.call('GET', KEYS[1]) or 0)
if tonumber(ARGV[1]) <= written then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])

-- Reads and writes many rows at once: a store that copies a value to change it copies it once.
local function count(key, rowsMax, first, last)
  local names, counts = {}, {}
  for arg = first, last, 2 do
    names[#names + 1], counts[#counts + 1] = ARGV[arg], tonumber(ARGV[arg + 1])
  end
  local before = redis.call('HMGET', key, unpack(names))
  local room = rowsMax - redis.call('HLEN', key)
  local rows, others = {}, {}
  for at, name in ipairs(names) do
    if not before[at] and room <= 0 then
      -- As the product names it: the mode comes first.
      local other = string.match(name, '^%a+') .. ' other'
      others[other] = (others[other] or 0) + counts[at]
    else
      room = before[at] and room or room - 1
      rows[#rows + 1] = name
      rows[#rows + 1] = string.format('%.0f', tonumber(before[at] or 0) + counts[at])
    end
  end
  if #rows > 0 then
    redis.call('HSET', key, unpack(rows))
  end
  for other, more in pairs(others) do
    redis.call('HINCRBY', key, other, string.format('%.0f', more))
  end
end

local tables, arg = tonumber(ARGV[7]), 8
for at = 1, tables do
  local key, rowsMax, last = KEYS[3 + at], tonumber(ARGV[arg + 1]), arg + 2 + tonumber(ARGV[arg + 2]) * 2
  for first = arg + 3, last, 1000 do
    count(key, rowsMax, first, math.min(first + 999, last))
  end
  redis.call('PEXPIRE', key, ARGV[arg])
  arg = last + 1
end

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local oldest = now - ARGV[3]
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', oldest))
local callers = tonumber(ARGV[arg])
local texts = { [0] = {} }
for at = 1, callers do
  local caller = ARGV[arg + at]
  redis.call('ZADD', KEYS[3], string.format('%.0f', now), caller)
  if redis.call('ZCARD', KEYS[3]) <= tonumber(ARGV[6]) then
    texts[at] = {}
  else
    redis.call('ZREM', KEYS[3], caller)
  end
end
redis.call('PEXPIRE', KEYS[3], ARGV[3])
local onceMs = ARGV[arg + callers + 1]
for at = arg + callers + 2, #ARGV, 4 do
  local ofCaller, mark = texts[tonumber(ARGV[at + 2])], tonumber(ARGV[at + 3])
  if mark == 0 or redis.call('SET', KEYS[3 + tables + callers + mark], '1', 'NX', 'PX', onceMs) then
    if ARGV[at + 1] == '1' then
      table.insert(texts[0], ARGV[at])
    end
    if ARGV[at + 2] ~= '0' and ofCaller then
      table.insert(ofCaller, ARGV[at])
    end
  end
end

-- A ring is a list, the newest at its end.
local function keep(ring, size, added)
  redis.call('RPUSH', ring, unpack(added))
  redis.call('LTRIM', ring, '-' .. size, '-1')
  local first = redis.call('LRANGE', ring, 0, 0)[1]
  while first and tonumber(string.match(first, '"atMs":(%d+)') or 0) < oldest do
    redis.call('LPOP', ring)
    first = redis.call('LRANGE', ring, 0, 0)[1]
  end
  redis.call('PEXPIRE', ring, ARGV[3])
end
for at, added in pairs(texts) do
  if #added > 0 then
    keep(at == 0 and KEYS[2] or KEYS[3 + tables + at], at == 0 and ARGV[4] or ARGV[5], added)
  end
end
return 1
