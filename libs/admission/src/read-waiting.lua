-- Reads who waits for a place. KEYS: the waiting room, its tickets. ARGV: at most so many.
-- Returns their usage records. Of a request that came to a replica of an older version there is none.
local records = {}
for _, ticket in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[1] - 1)) do
  local record = redis.call('HGET', KEYS[1], 'r:' .. string.match(ticket, '([^\n]*)$'))
  if record then
    records[#records + 1] = record
  end
end
return records
