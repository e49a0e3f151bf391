-- Keeps a try of an item of a batch for whoever asks for it, once however often it is sent.
-- KEYS: the stream of such tries. ARGV: request id, usage record, what became of the try, greatest number of tries, ms for
-- which they are kept.
-- Returns 1, or 0 where it is kept already.
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 20)) do
  -- As written below: the id comes first.
  if entry[2][2] == ARGV[1] then
    return 0
  end
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'id', ARGV[1], 'record', ARGV[2], 'fate', ARGV[3])
local clock = redis.call('TIME')
redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f', clock[1] * 1000 - ARGV[5]))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
