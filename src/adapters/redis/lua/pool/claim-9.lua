#!lua flags=allow-oom
-- Leases the next item in turn, if the limit allows (B6). The same claim gets the same lease.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 claim id, 2 length of the lease in ms, 3 time in ms or '' for the server's, 4 limit if the
--       pool has lost its own, or '', 5 life of the pool in ms or '', 6 replication id that this gateway
--       has seen, or ''
-- Result  {key, value, fence, failed attempts before}, or nil when nothing may start

-- include pool/lib
-- include lib/replication

local claim, lease_ms, given_time, known_limit, life_ms, seen_id = unpack(ARGV)

local function answer(key, slot)
  return {key, slot.value, whole(slot.fence), slot.attempts}
end

local set_limit, last_fence, known_id, closed_till =
  unpack(redis.call('HMGET', meta, 'limit', 'fence', 'replid', 'closed'))

local function limit()
  if set_limit or known_limit == '' then return tonumber(set_limit or 0) end
  redis.call('HSET', meta, 'limit', known_limit)
  return tonumber(known_limit)
end

-- A new primary, or a server that was restarted, may have lost leases of calls that still run: until
-- they have ended, new ones could be above the limit.
local function is_closed(now)
  local id = replication_id()
  if known_id == id then return now < tonumber(closed_till or 0) end
  local lost = known_id or seen_id ~= '' and seen_id ~= id
  redis.call('HSET', meta, 'replid', id, 'closed', lost and whole(now + lease_ms) or 0)
  keep(life_ms)
  return lost
end

local function admit_retries(now)
  local entries = redis.call('ZRANGEBYSCORE', due, '-inf', now)
  for _, entry in ipairs(entries) do
    redis.call('ZADD', ready, redis.call('ZSCORE', line, entry), entry)
    redis.call('ZREM', due, entry)
  end
end

-- What is blocked is taken from `ready` when it is met, and put back when what it waits for has
-- left the pool: looked at twice at the most, however long it waits.
local function next_in_turn()
  while true do
    local entry = redis.call('ZRANGE', ready, 0, 0)[1]
    if entry == nil then return nil end
    local key = key_of(entry)
    local slot = read(key)
    if slot == nil then
      -- The pool outlived its life time, its keys within a moment of each other.
      redis.call('ZREM', line, entry)
    elseif slot.after == nil or redis.call('HEXISTS', slots, slot.after) == 0 then
      return key, slot
    end
    redis.call('ZREM', ready, entry)
  end
end

local held = redis.call('HGET', claims, claim)
local leased = held and read(held)
if leased then return answer(held, leased) end
if redis.call('ZCARD', leases) >= limit() then return nil end

local now_us = time_in_us(given_time)
local now = math.floor(now_us / 1000)
if is_closed(now) then return nil end
admit_retries(now)
local key, slot = next_in_turn()
if key == nil then return nil end
take_out(key, slot)
served(slot)
-- From the time, so that a pool that lost its memory still gives greater fences than before.
slot.fence = math.max(tonumber(last_fence or 0) + 1, now_us)
slot.claim = claim
slot.till = now + tonumber(lease_ms)
redis.call('HSET', meta, 'fence', whole(slot.fence))
redis.call('HSET', claims, claim, key)
redis.call('ZADD', leases, slot.till, key)
write(key, slot)
keep(life_ms)
return answer(key, slot)
