-- Reads a credential's API key or user together with its tenant and their policies, so that all of it is of one moment.
-- KEYS: tenant, its users, its policies, its killed sessions; then of an API key its record, or of a token the revocations of the first version,
-- that of the user and, where the token has an id, that of the token.
-- ARGV: for an API key '' and its id; for a token its user and the digest of its id ('' where it has none).
-- Returns the fields of the tenant, those of the API key, the record of the user, names and records of policies, when the
-- tokens of the user and this token were revoked, and the killed sessions of the user, or of the API key of a service.
local names = {}
local function note(record)
  for _, name in ipairs(record.policies) do
    names[#names + 1] = name
  end
end

local tenant = redis.call('HMGET', KEYS[1], 'record', 'name', 'createdAt')
if tenant[1] then
  note(cjson.decode(tenant[1]))
end

local userId = ARGV[1]
local key = {}
local revocation = {}
if userId ~= '' then
  local first = redis.call('HMGET', KEYS[5], userId, ARGV[2])
  local token = KEYS[7] and redis.call('GET', KEYS[7])
  revocation = { redis.call('GET', KEYS[6]) or first[1], token or first[2] }
else
  key = redis.call(
    'HMGET', KEYS[5], 'record', 'state', 'digest', 'name', 'user', 'hint', 'createdAt', 'revokedAt', 'lastUsedAt')
  if key[1] then
    local record = cjson.decode(key[1])
    note(record)
    if record.owner.kind == 'user' then
      userId = record.owner.id
    end
  end
end

local user = false
if userId ~= '' then
  user = redis.call('HGET', KEYS[2], userId)
  if user then
    note(cjson.decode(user))
  end
end

local policies = {}
for _, name in ipairs(names) do
  policies[#policies + 1] = name
  policies[#policies + 1] = redis.call('HGET', KEYS[3], name) or ''
end
local killed = redis.call('HGET', KEYS[4], userId ~= '' and userId or ARGV[2])
return {tenant, key, user, policies, revocation, killed}
