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

local arg = 3
for at = 2, #KEYS do
  local key, rowsMax, rows = KEYS[at], tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 2])
  local room = rowsMax - redis.call('HLEN', key)
  for row = 1, rows do
    local name, more = ARGV[arg + 1 + row * 2], ARGV[arg + 2 + row * 2]
    local old = redis.call('HGET', key, name)
    if not old and room <= 0 then
      name = 'other'
      old = redis.call('HGET', key, name)
    elseif not old then
      room = room - 1
    end
    redis.call('HSET', key, name, old and sum(old, more) or more)
  end
  redis.call('PEXPIRE', key, ARGV[arg])
  arg = arg + 3 + rows * 2
end
redis.call('HSET', KEYS[1], 'at', ARGV[2], 'anchored', '1')
return 1
