#!lua flags=allow-oom
-- Leases the next item in turn, if the limit allows (B6). The same claim gets the same lease.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 claim id, 2 length of the lease in ms, 3 time in ms or '' for the server's, 4 limit if the
--       pool has lost its own, or '', 5 life of the pool in ms
-- Result  {key, value, fence, failed attempts before}, or nil when nothing may start

-- include pool/lib

local claim, lease_ms, given_time, known_limit, life_ms = unpack(ARGV)

local function answer(key, slot)
  return {key, slot.value, whole(slot.fence), slot.attempts}
end

local function limit()
  local set = redis.call('HGET', meta, 'limit')
  if set or known_limit == '' then return tonumber(set or 0) end
  redis.call('HSET', meta, 'limit', known_limit)
  return tonumber(known_limit)
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
admit_retries(now)
local key, slot = next_in_turn()
if key == nil then return nil end
take_out(key, slot)
served(slot)
-- From the time, so that a pool that lost its memory still gives greater fences than before.
slot.fence = math.max(tonumber(redis.call('HGET', meta, 'fence') or 0) + 1, now_us)
slot.claim = claim
slot.till = now + tonumber(lease_ms)
redis.call('HSET', meta, 'fence', whole(slot.fence))
redis.call('HSET', claims, claim, key)
redis.call('ZADD', leases, slot.till, key)
write(key, slot)
keep(life_ms)
return answer(key, slot)
