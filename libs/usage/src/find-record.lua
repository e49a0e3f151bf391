-- Looks for the newest record of a request among some entries of a stream, newest first.
-- KEYS: the stream. ARGV: request id, newest id to look at, how many entries.
-- Returns {record or '', id of the oldest entry that was looked at or '' at the end of the stream, fate of a try or ''}.
local entries = redis.call('XREVRANGE', KEYS[1], ARGV[2], '-', 'COUNT', ARGV[3])
for _, entry in ipairs(entries) do
  local fields = entry[2]
  for at = 1, #fields, 2 do
    if fields[at] == 'id' and fields[at + 1] == ARGV[1] then
      local found = {}
      for place = 1, #fields, 2 do
        found[fields[place]] = fields[place + 1]
      end
      if found.record then
        return { found.record, '', found.fate or '' }
      end
    end
  end
end
if #entries < tonumber(ARGV[3]) then
  return { '', '', '' }
end
return { '', entries[#entries][1], '' }
