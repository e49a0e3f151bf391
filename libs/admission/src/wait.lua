-- One step in the waiting room of a tenant; then whoever is next gets the places that are free.
-- KEYS: 1 the room (HASH), 2 its tickets (ZSET, read by name), 3 the users that wait, by their turn, 4 the users that waited lately, by
-- their next turn, 5 the replicas, by when they count as dead, 6 how many wait for each lease set (HASH); then lease sets, those of the
-- ticket first.
-- ARGV: 1 'enter', 'leave' or 'look', 2 the replica (empty: none), 3 ms without a step after which it counts as dead, 4 ms for which a
-- granted place is kept, 5 ms for which the room is kept, 6 request id, 7 user, 8 weight of the user, 9 place in the queue (empty: the last),
-- 10 greatest number of tickets, 11 usage record, then per lease set of the ticket the greatest number of leases.
-- Returns {'waiting', 'granted', 'full' or 'done', place in the queue, tickets of the replica, requests of the replica that were granted a place,
-- replica and request id of each grant to others, lease sets that must be in KEYS if somebody waits for one that is not}.
--
-- A user's turn is a number: 1 / weight more with each grant, and never before that of who was granted last. So users take turns by their weights,
-- and one that comes back or was held up has saved up nothing. A ticket names user, lease sets, place, replica, weight and request, so that
-- the oldest of a user for the same lease sets is one look away. A grant holds the leases until the request is admitted.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local function exactly(number)
  return string.format('%.17g', number)
end
local room, tickets, turns, later, replicas, waitedFor = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local step, replica, id = ARGV[1], ARGV[2], ARGV[6]
local ownSets = #ARGV - 11

local function parse(ticket)
  local user, lane, place, from, weight, request = string.match(ticket, '^([^\n]*)\n([^\n]*)\n(%d+)\n([^\n]*)\n([^\n]*)\n(.*)$')
  local sets = {}
  for set in string.gmatch(lane, '[^\t]+') do
    sets[#sets + 1] = set
  end
  return { user = user, sets = sets, place = place, replica = from, weight = tonumber(weight), request = request }
end

local function count(hash, field, by)
  if redis.call('HINCRBY', hash, field, by) <= 0 then
    redis.call('HDEL', hash, field)
  end
end

local function waits(user)
  return redis.call('ZRANGEBYLEX', tickets, '[' .. user .. '\n', '(' .. user .. '\11', 'LIMIT', 0, 1)[1] ~= nil
end

-- Takes a ticket away. `turn` is the user's next one.
local function remove(name, ticket, turn)
  redis.call('ZREM', tickets, name)
  redis.call('HDEL', room, 't:' .. ticket.request, 'r:' .. ticket.request)
  count(room, 'n:' .. ticket.replica, -1)
  for _, set in ipairs(ticket.sets) do
    count(waitedFor, set, -1)
  end
  if waits(ticket.user) then
    redis.call('ZADD', turns, turn, ticket.user)
  else
    redis.call('ZREM', turns, ticket.user)
    redis.call('ZADD', later, turn, ticket.user)
  end
end

-- The tickets of replicas that died.
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', replicas, '-inf', exactly(now))) do
  if dead ~= replica then
    redis.call('ZREM', replicas, dead)
    redis.call('HDEL', room, 'g:' .. dead)
    if redis.call('HGET', room, 'n:' .. dead) then
      for _, name in ipairs(redis.call('ZRANGE', tickets, 0, -1)) do
        local ticket = parse(name)
        if ticket.replica == dead then
          remove(name, ticket, redis.call('ZSCORE', turns, ticket.user))
        end
      end
    end
  end
end

local status, place = 'done', ARGV[9]
local known = id ~= '' and redis.call('HGET', room, 't:' .. id)
if step == 'enter' then
  status = 'waiting'
  if known then
    place = parse(known).place
    -- Its caps may have been changed since.
    for at = 1, ownSets do
      redis.call('HSET', room, 'max:' .. KEYS[6 + at], ARGV[11 + at])
    end
  elseif ownSets > 0 and redis.call('ZSCORE', KEYS[7], id) then
    status = 'granted'
  elseif place == '' and redis.call('ZCARD', tickets) >= tonumber(ARGV[10]) then
    status = 'full'
  else
    if place == '' then
      place = string.format('%016d', redis.call('HINCRBY', room, 'places', 1))
    end
    local user = ARGV[7]
    local sets = {}
    for at = 1, ownSets do
      sets[at] = KEYS[6 + at]
      redis.call('HINCRBY', waitedFor, sets[at], 1)
      redis.call('HSET', room, 'max:' .. sets[at], ARGV[11 + at])
    end
    local name = table.concat({ user, table.concat(sets, '\t'), place, replica, ARGV[8], id }, '\n')
    if not redis.call('ZSCORE', turns, user) then
      local turn = math.max(tonumber(redis.call('HGET', room, 'turn') or 0), tonumber(redis.call('ZSCORE', later, user) or 0))
      redis.call('ZADD', turns, exactly(turn), user)
      redis.call('ZREM', later, user)
    end
    redis.call('ZADD', tickets, 0, name)
    redis.call('HSET', room, 't:' .. id, name, 'r:' .. id, ARGV[11])
    redis.call('HINCRBY', room, 'n:' .. replica, 1)
  end
elseif step == 'leave' then
  if known then
    local ticket = parse(known)
    remove(known, ticket, redis.call('ZSCORE', turns, ticket.user))
  else
    for at = 1, ownSets do
      redis.call('ZREM', KEYS[6 + at], id)
    end
  end
end

local declared, running, missing, over = {}, {}, false, false
for at = 7, #KEYS do
  declared[KEYS[at]] = true
end
local function hasRoom(sets)
  for _, set in ipairs(sets) do
    if not declared[set] then
      missing = true
      return false
    end
    if not running[set] then
      redis.call('ZREMRANGEBYSCORE', set, '-inf', exactly(now))
      running[set] = redis.call('ZCARD', set)
    end
    if running[set] >= tonumber(redis.call('HGET', room, 'max:' .. set)) then
      -- Where all wait for it, nobody else needs to be looked at.
      over = tonumber(redis.call('HGET', waitedFor, set)) == redis.call('ZCARD', tickets)
      return false
    end
  end
  return true
end

-- A user's oldest ticket that would be let in.
local function oldest(user)
  local from, name, best = '[' .. user .. '\n', nil, nil
  while not over do
    local head = redis.call('ZRANGEBYLEX', tickets, from, '(' .. user .. '\11', 'LIMIT', 0, 1)[1]
    if not head then
      break
    end
    local ticket = parse(head)
    if (not best or ticket.place < best.place) and hasRoom(ticket.sets) then
      name, best = head, ticket
    end
    from = '(' .. user .. '\n' .. table.concat(ticket.sets, '\t') .. '\11'
  end
  return name, best
end

local function nextTicket()
  local at = 0
  while not over do
    local user = redis.call('ZRANGE', turns, at, at)[1]
    if not user then
      return nil
    end
    local name, ticket = oldest(user)
    if missing or ticket then
      return name, ticket
    end
    at = at + 1
  end
end

local others = {}
local name, ticket = nextTicket()
while ticket and not missing do
  for _, set in ipairs(ticket.sets) do
    redis.call('ZADD', set, exactly(now + ARGV[4]), ticket.request)
    if tonumber(ARGV[4]) > redis.call('PTTL', set) then
      redis.call('PEXPIRE', set, ARGV[4])
    end
    running[set] = running[set] + 1
  end
  local turn = math.max(tonumber(redis.call('ZSCORE', turns, ticket.user)), tonumber(redis.call('HGET', room, 'turn') or 0))
  redis.call('HSET', room, 'turn', exactly(turn))
  redis.call('ZREMRANGEBYSCORE', later, '-inf', exactly(turn))
  remove(name, ticket, exactly(turn + 1 / ticket.weight))
  local granted = 'g:' .. ticket.replica
  local before = redis.call('HGET', room, granted)
  redis.call('HSET', room, granted, before and before .. '\n' .. ticket.request or ticket.request)
  if ticket.replica ~= replica then
    others[#others + 1] = ticket.replica
    others[#others + 1] = ticket.request
  end
  name, ticket = nextTicket()
end

local own, mine = {}, '0'
if replica ~= '' then
  for request in string.gmatch(redis.call('HGET', room, 'g:' .. replica) or '', '[^\n]+') do
    own[#own + 1] = request
  end
  redis.call('HDEL', room, 'g:' .. replica)
  mine = redis.call('HGET', room, 'n:' .. replica) or '0'
  if mine == '0' then
    redis.call('ZREM', replicas, replica)
  else
    redis.call('ZADD', replicas, exactly(now + ARGV[3]), replica)
  end
end
for at = 1, 6 do
  redis.call('PEXPIRE', KEYS[at], ARGV[5])
end
return { status, place, mine, own, others, missing and redis.call('HKEYS', waitedFor) or {} }
