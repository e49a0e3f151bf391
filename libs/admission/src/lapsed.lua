-- KEYS: the running requests of a tenant. ARGV: at most so many. Returns the ids of those that nobody has renewed in time, oldest first.
local clock = redis.call('TIME')
local now = string.format('%.17g', clock[1] * 1000 + clock[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
