-- Reads what is used of budgets. KEYS: of each budget the counter of one period and that of the next one.
-- Returns Redis's time in ms, then all counters.
local clock = redis.call('TIME')
local reply = { clock[1] * 1000 + math.floor(clock[2] / 1000) }
for at, key in ipairs(KEYS) do
  reply[at + 1] = redis.call('GET', key) or '0'
end
return reply
