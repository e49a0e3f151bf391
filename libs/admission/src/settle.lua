-- Ends the leases of a request and applies its refunds, also when the leases have lapsed: what was used is owed all the same.
-- A request whose refunds were applied gets none again: a settlement is sent anew when its reply was lost.
-- KEYS: the mark of the settlement, the lease sets, then the buckets. ARGV: lease id, number of lease sets, ms for which the
-- mark is kept, per bucket the ms of refill that it gets back; a negative number charges more.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local leaseSets = tonumber(ARGV[2])
for at = 2, leaseSets + 1 do
  redis.call('ZREM', KEYS[at], ARGV[1])
end
if #KEYS == leaseSets + 1 then
  return 1
end
if not redis.call('SET', KEYS[1], '1', 'PX', ARGV[3], 'NX') then
  return 0
end
for at = leaseSets + 2, #KEYS do
  local refund = tonumber(ARGV[at - leaseSets + 2])
  local missing = math.max(0, tonumber(redis.call('GET', KEYS[at]) or 0) - now) - refund
  if missing > 0 then
    local fullAt = string.format('%.17g', now + missing)
    redis.call('SET', KEYS[at], fullAt, 'PX', string.format('%.17g', math.ceil(missing)))
  else
    redis.call('DEL', KEYS[at])
  end
end
return 1
