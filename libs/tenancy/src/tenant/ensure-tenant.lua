-- KEYS: tenant. ARGV: name, time of creation.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 'present'
end
redis.call('HSET', KEYS[1], 'name', ARGV[1], 'createdAt', ARGV[2])
return 'created'
