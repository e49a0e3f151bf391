-- Reads a field of each hash, all of one moment. KEYS: hashes, of one tenant. ARGV: the field of each.
local values = {}
for at, key in ipairs(KEYS) do
  values[at] = redis.call('HGET', key, ARGV[at])
end
return values
