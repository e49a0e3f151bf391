-- Reads results that are in no file yet, as of one moment. KEYS: resultFiles, results.
-- ARGV: number of files that are known, the first result that is wanted, bytes after which it stops.
-- Returns 'file' and the name of the next file where there is one more than is known; else 'results', the number of files, and
-- the lines: one at least, if there is one.
local files = redis.call('LLEN', KEYS[1])
local known = tonumber(ARGV[1])
if known < files then
  return { 'file', redis.call('LRANGE', KEYS[1], known, known)[1] }
end
local reply, bytes, from = { 'results', files }, 0, tonumber(ARGV[2])
while bytes < tonumber(ARGV[3]) do
  local lines = redis.call('LRANGE', KEYS[2], from, from + 9)
  if #lines == 0 then
    break
  end
  for _, line in ipairs(lines) do
    if bytes >= tonumber(ARGV[3]) then
      break
    end
    reply[#reply + 1] = line
    bytes = bytes + #line
    from = from + 1
  end
end
return reply
