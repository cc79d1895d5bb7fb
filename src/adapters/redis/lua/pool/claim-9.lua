#!lua flags=allow-oom
-- Offers again what nobody has renewed (L5), then leases the next items in turn, as far as the limit
-- allows (B6). The same claim gets the same leases.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 claim id, 2 leases at most, 3 their length in ms, 4 time in ms or '' for the server's,
--       5 limit if the pool has lost its own, or '', 6 life of the pool in ms or '', 7 replication id
--       that this gateway has seen, or '', 8 channel of the doorbell
-- Result  {{value, fence, failed attempts before} …, ms until something is due or ''}: a retry, the end
--         of a lease, or of the time without claims

-- include pool/lib
-- include lib/replication

local claim, most, lease_ms, given_time, known_limit, life_ms, seen_id, bell = unpack(ARGV)

local set_limit, last_fence, known_id, closed_till =
  unpack(redis.call('HMGET', meta, 'limit', 'fence', 'replid', 'closed'))
closed_till = tonumber(closed_till or 0)
last_fence = tonumber(last_fence or 0)
local now_us = time_in_us(given_time)
local now = math.floor(now_us / 1000)

-- At the tail and as a failed attempt; who was leased first is offered first.
local function offer_expired()
  local over = redis.call('ZRANGEBYSCORE', leases, '-inf', now)
  if #over == 0 then return end
  local found = {}
  for _, key in ipairs(over) do
    local slot = read(key)
    if slot then table.insert(found, {key = key, slot = slot}) else redis.call('ZREM', leases, key) end
  end
  table.sort(found, function(a, b) return a.slot.fence < b.slot.fence end)
  for _, lease in ipairs(found) do
    end_lease(lease.key, lease.slot)
    offer(lease.key, lease.slot, lease.slot.attempts + 1)
  end
  redis.call('SPUBLISH', bell, '')
end

local function limit()
  if set_limit or known_limit == '' then return tonumber(set_limit or 0) end
  redis.call('HSET', meta, 'limit', known_limit)
  return tonumber(known_limit)
end

-- A new primary, or a server that was restarted, may have lost leases of calls that still run: until
-- they have ended, new ones could be above the limit.
local function is_closed()
  local id = replication_id()
  if known_id == id then return now < closed_till end
  local lost = known_id or seen_id ~= '' and seen_id ~= id
  closed_till = lost and now + lease_ms or 0
  redis.call('HSET', meta, 'replid', id, 'closed', whole(closed_till))
  keep(life_ms)
  return lost
end

local function admit_retries()
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

local function lease_next(claim_id)
  local key, slot = next_in_turn()
  if key == nil then return nil end
  take_out(key, slot)
  served(slot)
  -- From the time, so that a pool that lost its memory still gives greater fences than before.
  last_fence = math.max(last_fence + 1, now_us)
  slot.fence = last_fence
  slot.claim = claim_id
  slot.till = now + tonumber(lease_ms)
  redis.call('HSET', claims, claim_id, key)
  redis.call('ZADD', leases, slot.till, key)
  write(key, slot)
  return slot
end

local free
-- Whether another lease may be given; the first time it is asked it looks.
local function may_lease()
  if free == nil then
    free = limit() - redis.call('ZCARD', leases)
    if free > 0 and is_closed() then free = 0 end
    if free > 0 then admit_retries() end
  end
  free = free - 1
  return free >= 0
end

local function lease_all()
  local given, fence_before = {}, last_fence
  for n = 0, most - 1 do
    local claim_id = claim .. ' ' .. n
    local held = redis.call('HGET', claims, claim_id)
    local slot = held and read(held) or may_lease() and lease_next(claim_id)
    if not slot then break end
    given[#given + 1] = {slot.value, whole(slot.fence), slot.attempts}
  end
  if last_fence ~= fence_before then redis.call('HSET', meta, 'fence', whole(last_fence)) end
  return given
end

local function next_due()
  local till = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
  local retry =
    redis.call('ZRANGEBYSCORE', due, '(' .. whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  local due_at = math.min(tonumber(till) or math.huge, tonumber(retry) or math.huge)
  if closed_till > now then due_at = math.min(due_at, closed_till) end
  return due_at == math.huge and '' or due_at - now
end

offer_expired()
local result = lease_all()
result[#result + 1] = next_due()
keep(life_ms)
return result
