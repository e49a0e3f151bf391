-- Every change of one batch after its creation, whoever makes it: a worker, a client or the clock.
-- KEYS: record, done, running, completions, results, resultFiles, active, ended, removals (see batch-keys.ts), then those of
-- the step.
-- ARGV: the step, the time in ms, the id of the batch, then those of the step, which stand at the step.
-- Returns what became of the step, 'gone' for a batch that does not exist, and more where the step says so.
local record, done, running, completions, results, resultFiles = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local active, ended, removals = KEYS[7], KEYS[8], KEYS[9]
local step, now, id = ARGV[1], tonumber(ARGV[2]), ARGV[3]

local function text(name)
  return redis.call('HGET', record, name)
end
local function number(name)
  return tonumber(text(name) or 0)
end

local status = text('status')
if not status then
  return { 'gone' }
end

-- Claims are 'lapse token'. One that has lapsed is that of a worker which died.
local function isLive(claim)
  return claim and tonumber(string.match(claim, '^%S+')) > now
end
local function tokenOf(claim)
  return claim and string.match(claim, ' (.*)$')
end
local function countRunning()
  local claims, live = redis.call('HGETALL', running), 0
  for at = 1, #claims, 2 do
    if isLive(claims[at + 1]) then
      live = live + 1
    else
      redis.call('HDEL', running, claims[at])
    end
  end
  return live
end

-- What has no result by now gets the given one.
local function finish(rest)
  local left = number('total') - number('succeeded') - number('errored')
  redis.call('HSET', record, 'status', 'ended', 'endedAtMs', ARGV[2], 'rest', rest)
  redis.call('HSET', record, rest, string.format('%.0f', left))
  redis.call('DEL', running)
  redis.call('ZREM', active, id)
  redis.call('ZADD', ended, text('archivesAtMs'), id)
  status = 'ended'
end
local function finishIfOver()
  if status == 'ended' then
    return
  end
  local rest = status == 'canceling' and 'canceled' or 'expired'
  local isComplete = number('succeeded') + number('errored') == number('total')
  if isComplete or now >= number('expiresAtMs') or (status == 'canceling' and countRunning() == 0) then
    finish(rest)
  end
end

finishIfOver()

-- Only ends what is over. Returns also the status.
if step == 'touch' then
  return { 'touched', status }
end

-- An item is about to run. ARGV: index, token of the claim, ms until it lapses, bytes of results that may wait.
-- 'busy', ms: it runs elsewhere. 'behind': results wait to be written into files. 'full': claimed, but its result has no room.
if step == 'claim' then
  if status ~= 'in_progress' then
    return { 'over' }
  end
  if redis.call('GETBIT', done, ARGV[4]) == 1 then
    return { 'done' }
  end
  local claim = redis.call('HGET', running, ARGV[4])
  if isLive(claim) and tokenOf(claim) ~= ARGV[5] then
    return { 'busy', string.format('%.0f', tonumber(string.match(claim, '^%S+')) - now) }
  end
  if number('waitingBytes') > tonumber(ARGV[7]) then
    return { 'behind' }
  end
  redis.call('HSET', running, ARGV[4], string.format('%.0f', now + ARGV[6]) .. ' ' .. ARGV[5])
  if not text('startedAtMs') then
    redis.call('HSET', record, 'startedAtMs', ARGV[2])
  end
  local maxBytes = number('maxBytes')
  if maxBytes > 0 and number('inputBytes') + number('resultBytes') >= maxBytes then
    return { 'full' }
  end
  return { 'claimed' }
end

-- ARGV: index, token, ms. 'lost': the item has a result, or runs elsewhere. Returns also the status.
if step == 'renew' then
  local claim = redis.call('HGET', running, ARGV[4])
  local isOthers = isLive(claim) and tokenOf(claim) ~= ARGV[5]
  if status == 'ended' or isOthers or redis.call('GETBIT', done, ARGV[4]) == 1 then
    return { 'lost', status }
  end
  redis.call('HSET', running, ARGV[4], string.format('%.0f', now + ARGV[6]) .. ' ' .. ARGV[5])
  return { 'renewed', status }
end

-- The item does not run after all: it may be claimed again at once. ARGV: index, token.
if step == 'release' then
  if tokenOf(redis.call('HGET', running, ARGV[4])) == ARGV[5] then
    redis.call('HDEL', running, ARGV[4])
  end
  finishIfOver()
  return { 'released' }
end

-- The first result of an item counts, whoever has claimed it. ARGV: index, token, ms for which the token is remembered,
-- 'succeeded' or 'errored', the line of the result, then those of the settlement, whose KEYS come after the nine of the batch.
-- 'lost': the item has the result of another run. 'over': the batch has ended without it. Both settle nothing.
-- Returns also the status, the number and the bytes of the results that wait to be written into a file, and what the
-- settlement has returned. Sent again, it says the same without what the settlement has returned.
if step == 'complete' then
  local completion = ARGV[4] .. ' ' .. ARGV[5]
  local function completed(settled)
    local waiting = number('succeeded') + number('errored') - number('filed')
    return { 'completed', status, waiting, number('waitingBytes'), settled }
  end
  if redis.call('GETBIT', done, ARGV[4]) == 1 then
    local completedAt = tonumber(redis.call('ZSCORE', completions, completion) or 0)
    return completedAt > now - ARGV[6] and completed() or { 'lost' }
  end
  if status == 'ended' then
    return { 'over' }
  end
  redis.call('SETBIT', done, ARGV[4], 1)
  redis.call('HDEL', running, ARGV[4])
  redis.call('ZREMRANGEBYSCORE', completions, '-inf', string.format('%.0f', now - ARGV[6]))
  redis.call('ZADD', completions, ARGV[2], completion)
  redis.call('PEXPIRE', completions, ARGV[6])
  redis.call('HINCRBY', record, ARGV[7], 1)
  redis.call('HINCRBY', record, 'resultBytes', #ARGV[8])
  redis.call('HINCRBY', record, 'waitingBytes', #ARGV[8])
  -- Results are numbered from 1 on.
  local count = number('succeeded') + number('errored')
  redis.call('XADD', results, string.format('%.0f-0', count), 'line', ARGV[8])
  -- Where nothing was admitted there is nothing to settle.
  local settled = KEYS[10] and settle({ unpack(KEYS, 10) }, { unpack(ARGV, 9) }) or nil
  finishIfOver()
  return completed(settled)
end

-- KEYS: the audit log of the tenant, if it is to be written. ARGV: its entry, and how many entries it keeps.
if step == 'cancel' then
  if status == 'in_progress' then
    redis.call('HSET', record, 'status', 'canceling', 'cancelInitiatedAtMs', ARGV[2])
    if KEYS[10] then
      redis.call('XADD', KEYS[10], 'MAXLEN', '~', ARGV[5], '*', 'entry', ARGV[4])
    end
    status = 'canceling'
    finishIfOver()
  end
  return { 'canceled' }
end

-- Items that have no result. ARGV: the first index to look at, how many are wanted, 1 to leave out those that run.
-- Returns also the index to go on with, -1 after the last item, and the indexes.
if step == 'undone' then
  local from, wanted, total = tonumber(ARGV[4]), tonumber(ARGV[5]), number('total')
  -- A thousand bytes are 8,000 items; a longer look would keep others waiting.
  local first = math.floor(from / 8)
  local bytes = redis.call('GETRANGE', done, first, first + 999)
  local last = math.min(total, (first + 1000) * 8)
  local reply = { 'undone', last }
  for index = from, last - 1 do
    local byte = string.byte(bytes, math.floor(index / 8) - first + 1) or 0
    if math.floor(byte / 2 ^ (7 - index % 8)) % 2 == 0 then
      if ARGV[6] ~= '1' or not isLive(redis.call('HGET', running, index)) then
        reply[#reply + 1] = index
      end
      if #reply - 2 == wanted then
        reply[2] = index + 1
        break
      end
    end
  end
  if reply[2] == total then
    reply[2] = -1
  end
  return reply
end

-- The first results that wait are in a file. ARGV: number of files when they were read, name of the file, results in
-- it, their bytes. 'lost': another has written them meanwhile.
if step == 'filed' then
  if text('archivedAtMs') or redis.call('LLEN', resultFiles) ~= tonumber(ARGV[4]) then
    return { 'lost' }
  end
  redis.call('RPUSH', resultFiles, ARGV[5])
  local filed = redis.call('HINCRBY', record, 'filed', ARGV[6])
  redis.call('XTRIM', results, 'MINID', string.format('%.0f-0', filed + 1))
  redis.call('HINCRBY', record, 'waitingBytes', '-' .. ARGV[7])
  return { 'filed' }
end

local function dropItems()
  redis.call('DEL', done, running, completions, results, resultFiles)
  redis.call('ZREM', ended, id)
  redis.call('ZADD', removals, ARGV[2], id)
end

-- Results are kept until their time; the record stays.
if step == 'archive' then
  if status ~= 'ended' or text('archivedAtMs') or now < number('archivesAtMs') then
    return { 'kept' }
  end
  redis.call('HSET', record, 'archivedAtMs', ARGV[2])
  dropItems()
  return { 'archived' }
end

-- KEYS: the list of the tenant, that of the owner, and the record of the request by which the batch was made, if any.
if step == 'delete' then
  if status ~= 'ended' then
    return { 'running' }
  end
  dropItems()
  redis.call('DEL', record)
  redis.call('ZREM', KEYS[10], id)
  redis.call('ZREM', KEYS[11], id)
  if KEYS[12] and redis.call('HGET', KEYS[12], 'batch') == id then
    redis.call('DEL', KEYS[12])
  end
  return { 'deleted' }
end
return redis.error_reply('ERR unknown step ' .. step)
