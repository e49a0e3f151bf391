-- Reads an API key together with its tenant, so that what is remembered of them is of one moment.
-- KEYS: API key, tenant. Returns its state and its user, each nil where there is none; nil without the tenant.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return false
end
return redis.call('HMGET', KEYS[1], 'state', 'user')
