-- Reads rings of refusals, all of one moment. KEYS: the rings.
local rings = {}
for at, ring in ipairs(KEYS) do
  rings[at] = redis.call('LRANGE', ring, 0, -1)
end
return rings
