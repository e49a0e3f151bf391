-- Adds what entries of the stream say to the tables of their days, and moves the position behind them: both or neither. A
-- position that somebody else has moved meanwhile changes nothing, so that no entry counts twice.
-- KEYS: the position, then the tables. ARGV: position that the caller has read from ('' for none), new position, then per
-- table: ms until it expires, number of rows that it may have, number of rows below, per row: its name, the numbers to add.
-- Returns 1, or 0 where nothing was changed.
if (redis.call('HGET', KEYS[1], 'at') or '') ~= ARGV[1] then
  return 0
end

-- Also what only a newer version counts: those numbers stand behind the ones that are known here.
local function sum(old, more)
  local numbers = {}
  for number in string.gmatch(old, '%S+') do
    numbers[#numbers + 1] = tonumber(number)
  end
  local at = 0
  for number in string.gmatch(more, '%S+') do
    at = at + 1
    numbers[at] = (numbers[at] or 0) + tonumber(number)
  end
  for place = 1, #numbers do
    numbers[place] = string.format('%.0f', numbers[place])
  end
  return table.concat(numbers, ' ')
end

-- Reads and writes many rows at once: a store that copies a value to change it copies it once.
local function add(key, rowsMax, first, last)
  local names = {}
  for arg = first, last, 2 do
    names[#names + 1] = ARGV[arg]
  end
  names[#names + 1] = 'other'
  local before = redis.call('HMGET', key, unpack(names))
  local room, other = rowsMax - redis.call('HLEN', key), before[#names]
  local rows = {}
  for at = 1, #names - 1 do
    local more = ARGV[first + at * 2 - 1]
    if before[at] or room > 0 then
      room = before[at] and room or room - 1
      rows[#rows + 1] = names[at]
      rows[#rows + 1] = before[at] and sum(before[at], more) or more
    else
      other = other and sum(other, more) or more
      rows.other = other
    end
  end
  if rows.other then
    rows[#rows + 1] = 'other'
    rows[#rows + 1] = rows.other
  end
  redis.call('HSET', key, unpack(rows))
end

local arg = 3
for at = 2, #KEYS do
  local key, rowsMax, last = KEYS[at], tonumber(ARGV[arg + 1]), arg + 2 + tonumber(ARGV[arg + 2]) * 2
  for first = arg + 3, last, 1000 do
    add(key, rowsMax, first, math.min(first + 999, last))
  end
  redis.call('PEXPIRE', key, ARGV[arg])
  arg = last + 1
end
redis.call('HSET', KEYS[1], 'at', ARGV[2], 'anchored', '1')
return 1
