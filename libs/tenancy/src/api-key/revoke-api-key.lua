-- KEYS: API key. ARGV: time of revocation.
if redis.call('HGET', KEYS[1], 'state') == 'active' then
  redis.call('HSET', KEYS[1], 'state', 'revoked', 'revokedAt', ARGV[1])
end
return 'revoked'
