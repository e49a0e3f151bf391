-- Removes entries of the stream that are too old, none of which is still to be rolled up.
-- KEYS: the position, the stream. ARGV: position that the caller has read, oldest id to keep, '1' if the entry at the
-- position stays.
-- Returns how many are gone.
if redis.call('HGET', KEYS[1], 'at') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'anchored', ARGV[3])
return redis.call('XTRIM', KEYS[2], 'MINID', ARGV[2])
