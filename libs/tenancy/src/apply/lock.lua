-- Keeps or gives back the lock of whoever has this token. KEYS: lock.
-- ARGV: token, and for how many milliseconds more it is kept, or '' to give it back. Returns 1 if it was theirs.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
