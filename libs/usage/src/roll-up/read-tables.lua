-- Reads tables, all of one moment. KEYS: the tables. Returns of each its rows: name, numbers, name, numbers, …
local tables = {}
for at, key in ipairs(KEYS) do
  tables[at] = redis.call('HGETALL', key)
end
return tables
