-- The commit point of a batch: from here on it exists. It may be asked for again when its reply was lost.
-- KEYS: upload, record, active, list, listOf, and once where the request must have its effect once.
-- ARGV: id, when it expires (ms), digest of the body, ms for which `once` is kept, then fields and values of the record.
-- Returns 'committed'; 'lapsed' where the upload took too long; 'repeated' or 'mismatch' and the id of the batch that
-- the first request with the same `once` has made.
if redis.call('EXISTS', KEYS[2]) == 1 then
  return { 'committed' }
end
if KEYS[6] then
  local once = redis.call('HMGET', KEYS[6], 'body', 'batch')
  if once[2] then
    return { once[1] == ARGV[3] and 'repeated' or 'mismatch', once[2] }
  end
end
if redis.call('DEL', KEYS[1]) == 0 then
  return { 'lapsed' }
end
for at = 5, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
end
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[1])
redis.call('ZADD', KEYS[5], 0, ARGV[1])
if KEYS[6] then
  redis.call('HSET', KEYS[6], 'body', ARGV[3], 'batch', ARGV[1])
  redis.call('PEXPIRE', KEYS[6], ARGV[4])
end
return { 'committed' }
