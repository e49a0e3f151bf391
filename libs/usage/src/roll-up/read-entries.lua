-- Reads the position, and the entries from there on with the one at the position itself.
-- KEYS: the position, the stream. ARGV: how many entries.
-- Returns {position or '', '1' if its entry should still be there, entries}.
local position = redis.call('HMGET', KEYS[1], 'at', 'anchored')
local entries = redis.call('XRANGE', KEYS[2], position[1] or '-', '+', 'COUNT', ARGV[1])
return { position[1] or '', position[2] or '', entries }
