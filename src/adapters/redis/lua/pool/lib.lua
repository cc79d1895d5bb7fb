-- The pool, for all scripts of this folder: the rules of core/fair-queue.ts on sorted sets.
--
-- meta     hash    arrivals, fence (the last one), virtual:<lane> (virtual time of a lane), passed:<lane>
--                  (how many were served before it since it was), replid (of the server that gave the
--                  leases), closed (no claims before, ms), and what is known of feature servers, see
--                  burst.lua
-- slots    hash    key of an item -> everything about it, packed
-- leases   zset    key -> when the lease runs out; their number is counted, never kept apart
-- claims   hash    claim id -> "<feature server> <key>"; how many a server has is counted here
-- line     zset    everything that waits, in the order in which it is served; rank = position
-- ready    zset    what of it may start, or is found blocked when its turn comes; same scores
-- due      zset    member of the line -> when its retry may start; not in `ready` before
-- turns    zset    "<lane> <session>" -> tag of the session's next piece of work
-- waiters  zset    "<key of a preparation>\0<key>": read by range, to find who waits for it
-- deadlines zset   key of what waits -> when nobody wants its result any more
-- reserved zset    key -> until when it counts as there, because it was let in and is on its way
--
-- A member of the line is "<order of arrival> <key>", its score lane * LANE + tag: equal tags are
-- served in the order of arrival, and urgent lanes before others, without a comparison of our own.
local meta, slots, leases, claims, line, ready, due, turns, waiters, deadlines, reserved = unpack(KEYS)

local INTERACTIVE, RETRY, PREPARATION = 0, 1, 2
-- Above every tag, and twice it plus every tag is still a whole number of a double.
local LANE = 1e15
-- Bounds what sessions that come once and never again can make the pool remember of them.
local MAX_REMEMBERED_SESSIONS = 65536

local function whole(number) return string.format('%.0f', number) end

-- include lib/time

local function read(key)
  local packed = redis.call('HGET', slots, key)
  return packed and cmsgpack.unpack(packed) or nil
end

local function write(key, slot) redis.call('HSET', slots, key, cmsgpack.pack(slot)) end

local function member(key, slot) return string.format('%015.0f ', slot.order) .. key end

local function key_of(entry) return string.sub(entry, 17) end

local function score(slot) return slot.lane * LANE + slot.tag end

local function is_leased(slot) return slot.claim ~= nil end

local function position(key, slot) return redis.call('ZRANK', line, member(key, slot)) end

-- Start-time fair queueing: see core/fair-queue/turns.ts.
local function next_tag(lane, session)
  local virtual = tonumber(redis.call('HGET', meta, 'virtual:' .. lane) or 0)
  local remembered = redis.call('ZSCORE', turns, lane .. ' ' .. session)
  if not remembered then return virtual end
  return math.max(virtual, tonumber(remembered) - lane * LANE)
end

local function take_tag(lane, session, cost)
  local tag = next_tag(lane, session)
  redis.call('ZADD', turns, lane * LANE + tag + cost, lane .. ' ' .. session)
  if redis.call('ZCARD', turns) > MAX_REMEMBERED_SESSIONS then
    -- Half at once, those whose turn is nearest: they lose the least by being forgotten.
    redis.call('ZREMRANGEBYRANK', turns, 0, MAX_REMEMBERED_SESSIONS / 2)
  end
  return tag
end

-- Never turns time back: blocked work may be served late. Who would start in the past is as good as
-- never seen, and forgotten.
local function served(slot)
  local field = 'virtual:' .. slot.lane
  if slot.tag <= tonumber(redis.call('HGET', meta, field) or 0) then return end
  redis.call('HSET', meta, field, whole(slot.tag))
  redis.call('ZREMRANGEBYSCORE', turns, slot.lane * LANE, score(slot))
end

-- At the tail of the session's turns in the lane. Writes the slot.
local function put(key, slot, lane)
  slot.order = redis.call('HINCRBY', meta, 'arrivals', 1)
  slot.lane = lane
  slot.tag = take_tag(lane, slot.session, slot.cost)
  write(key, slot)
  local entry = member(key, slot)
  redis.call('ZADD', line, score(slot), entry)
  if slot.deadline then redis.call('ZADD', deadlines, slot.deadline, key) end
  if lane == RETRY then
    redis.call('ZADD', due, slot.not_before, entry)
  else
    redis.call('ZADD', ready, score(slot), entry)
  end
end

local function take_out(key, slot)
  local entry = member(key, slot)
  redis.call('ZREM', line, entry)
  redis.call('ZREM', ready, entry)
  redis.call('ZREM', due, entry)
  redis.call('ZREM', deadlines, key)
end

-- `healed`: because what it needs is made anew; it is the same attempt still.
local function offer(key, slot, attempts, healed)
  slot.attempts = attempts
  slot.not_before = 0
  slot.again = false
  if not healed then slot.avoid = nil end
  slot.healed = healed
  local in_advance = slot.kind == 'prepare' and not slot.promoted
  put(key, slot, in_advance and PREPARATION or INTERACTIVE)
end

local function end_lease(key, slot)
  redis.call('ZREM', leases, key)
  redis.call('HDEL', claims, slot.claim)
  slot.claim, slot.fence, slot.till, slot.since = nil, nil, nil, nil
  slot.overdue, slot.alone, slot.judged, slot.server = nil, nil, nil, nil
end

local function waiting_for(key, limit)
  local from, to = '[' .. key .. '\0', '(' .. key .. '\1'
  if not limit then return redis.call('ZRANGEBYLEX', waiters, from, to) end
  return redis.call('ZRANGEBYLEX', waiters, from, to, 'LIMIT', 0, limit)
end

-- It may start again as soon as its turn comes, unless it is a retry that is not due.
local function unblock(key)
  local slot = read(key)
  if slot == nil or is_leased(slot) then return end
  local entry = member(key, slot)
  if not redis.call('ZSCORE', due, entry) then redis.call('ZADD', ready, score(slot), entry) end
end

local function set_after(key, slot, after)
  if slot.after == after then return end
  if slot.after then redis.call('ZREM', waiters, slot.after .. '\0' .. key) end
  slot.after = after
  if after then redis.call('ZADD', waiters, 0, after .. '\0' .. key) end
end

local function forget(key, slot)
  set_after(key, slot, nil)
  redis.call('HDEL', slots, key)
  if slot.kind == 'prepare' then
    for _, waiter in ipairs(waiting_for(key)) do unblock(string.sub(waiter, #key + 2)) end
  end
  -- Nobody waits and nothing is served: everybody is equal again.
  if redis.call('HLEN', slots) == 0 then redis.call('DEL', turns) end
end

-- A later deadline counts, an earlier one does not.
local function postpone(slot, deadline)
  if deadline == nil or (slot.deadline and slot.deadline >= deadline) then return false end
  slot.deadline = deadline
  return true
end

-- Whatever the pool holds is forgotten when no gateway has touched it for this long. Eleven calls
-- are half of a script's time: gateways give a life time ('' otherwise) once a second, not every time.
local function keep(life_ms)
  if life_ms == '' then return end
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, life_ms) end
end
