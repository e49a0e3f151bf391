-- Notes a time in the record of an API key, at most once a minute, whichever replica saw it.
-- KEYS: API key. ARGV: field, now, and the time of a minute before. Times are ISO 8601 in UTC, which sorts as text.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') >= ARGV[3] then
  return 'recent'
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 'noted'
