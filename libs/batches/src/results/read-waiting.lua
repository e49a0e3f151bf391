-- Reads results that are in no file yet, as of one moment. KEYS: record, resultFiles, results.
-- ARGV: number of files that are known, the first result that is wanted, bytes after which it stops.
-- Returns 'file' and the name of the next file where there is one more than is known; else 'results', the number of files, and
-- the lines: one at least, if there is one.
local files = redis.call('LLEN', KEYS[2])
local known = tonumber(ARGV[1])
if known < files then
  return { 'file', redis.call('LRANGE', KEYS[2], known, known)[1] }
end
-- Results are numbered from 1 on, those in files first.
local next = tonumber(redis.call('HGET', KEYS[1], 'filed') or 0) + 1 + ARGV[2]
local reply, bytes = { 'results', files }, 0
while bytes < tonumber(ARGV[3]) do
  local entries = redis.call('XRANGE', KEYS[3], string.format('%.0f-0', next), '+', 'COUNT', 10)
  if #entries == 0 then
    break
  end
  for _, entry in ipairs(entries) do
    local line = entry[2][2]
    reply[#reply + 1] = line
    bytes = bytes + #line
    next = next + 1
    if bytes >= tonumber(ARGV[3]) then
      break
    end
  end
end
return reply
