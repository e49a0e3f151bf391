-- The record of one request that must have its effect once. KEYS: a hash of body (digest of the request), claim (who is at
-- it), untilMs (when a claim without an answer lapses) and answer. Time is that of Redis.
-- ARGV: 'claim', the claim, the body, milliseconds that a claim lasts, milliseconds that the record is kept
--   → 'claimed', 'mismatch', 'answered' and the answer, or 'in-progress'.
-- ARGV: 'answer', the claim, the answer: writes it unless there is one, or the claim is another's.
-- ARGV: 'release', the claim: forgets the record unless it has an answer, or the claim is another's.
local record = redis.call('HMGET', KEYS[1], 'body', 'claim', 'untilMs', 'answer')
local body, claim, untilMs, answer = record[1], record[2], record[3], record[4]

if ARGV[1] ~= 'claim' then
  if claim == ARGV[2] and not answer then
    if ARGV[1] == 'answer' then
      redis.call('HSET', KEYS[1], 'answer', ARGV[3])
    else
      redis.call('DEL', KEYS[1])
    end
  end
  return {}
end

local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local isClaimed = untilMs and tonumber(untilMs) > nowMs
if body and (answer or isClaimed) then
  if body ~= ARGV[3] then
    return { 'mismatch' }
  end
  if answer then
    return { 'answered', answer }
  end
  return { 'in-progress' }
end
-- What broke off without an answer has changed nothing.
redis.call('HSET', KEYS[1], 'body', ARGV[3], 'claim', ARGV[2], 'untilMs', string.format('%.0f', nowMs + ARGV[4]))
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return { 'claimed' }
