-- The one script in which verbs write: all of a change, and its line in the audit log, or nothing of it.
-- KEYS: the audit log, then those of the change, all of one tenant.
-- ARGV: the entry, or '' for none; how many entries the audit log keeps; the number of checks.
-- Then of each check: number of its key, field, value that it had when the verb read it ('' is absent).
-- Then of each write: 'set' or 'unset' (number of its key, field, value), 'list' or 'unlist' (number of its key, member, ''),
-- 'put' (number of its key, lifetime, value), 'expire' and 'keep' (number of its key, lifetime, '').
local at = 4
for _ = 1, tonumber(ARGV[3]) do
  local value = redis.call('HGET', KEYS[tonumber(ARGV[at])], ARGV[at + 1])
  if (value or '') ~= ARGV[at + 2] then
    return 'changed'
  end
  at = at + 3
end
while at <= #ARGV do
  local key = KEYS[tonumber(ARGV[at + 1])]
  if ARGV[at] == 'set' then
    redis.call('HSET', key, ARGV[at + 2], ARGV[at + 3])
  elseif ARGV[at] == 'unset' then
    redis.call('HDEL', key, ARGV[at + 2])
  elseif ARGV[at] == 'list' then
    redis.call('ZADD', key, 0, ARGV[at + 2])
  elseif ARGV[at] == 'put' then
    redis.call('SET', key, ARGV[at + 3], 'PX', ARGV[at + 2])
  elseif ARGV[at] == 'keep' then
    redis.call('PEXPIRE', key, ARGV[at + 2])
  elseif ARGV[at] == 'expire' then
    if redis.call('PTTL', key) == -1 then
      redis.call('PEXPIRE', key, ARGV[at + 2])
    end
  else
    redis.call('ZREM', key, ARGV[at + 2])
  end
  at = at + 4
end
if ARGV[1] ~= '' then
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'entry', ARGV[1])
end
return 'done'
