-- How many bytes of files Redis keeps for each batch, and for all of them in the field 'all'. KEYS: fileBytes.
-- ARGV: 'add', batch, bytes, how many there may be of all (0: any number) → 1, or 0 where there is no room.
-- ARGV: 'drop', batch → 1.
local batch = ARGV[2]
local own = tonumber(redis.call('HGET', KEYS[1], batch) or 0)
local all = tonumber(redis.call('HGET', KEYS[1], 'all') or 0)
if ARGV[1] == 'drop' then
  redis.call('HDEL', KEYS[1], batch)
  if all == own then
    redis.call('DEL', KEYS[1])
  else
    redis.call('HSET', KEYS[1], 'all', string.format('%.0f', all - own))
  end
  return 1
end
local allMax = tonumber(ARGV[4])
if allMax > 0 and all + ARGV[3] > allMax then
  return 0
end
redis.call('HSET', KEYS[1], batch, string.format('%.0f', own + ARGV[3]), 'all', string.format('%.0f', all + ARGV[3]))
return 1
