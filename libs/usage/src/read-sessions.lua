-- Reads some usage records, newest first. KEYS: the stream of records. ARGV: newest id, oldest id, how many.
-- Returns the entries.
return redis.call('XREVRANGE', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])
