#!lua flags=allow-oom
-- Offers again what nobody has renewed (L5), then leases what waits in vain, and the next items in turn
-- as far as the limit allows (B6). The same claim gets the same leases.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 claim id, 2 leases at most, 3 their length in ms, 4 time in ms or '' for the server's,
--       5 ceilings of the servers if the pool has lost its own, joined by blanks, 6 life of the pool in ms or '', 7 replication id
--       that this gateway has seen, or '', 8 channel of the doorbell, 9 feature servers, see burst.lua
-- Result  {{value, fence, failed attempts before, ms until its deadline or '', 1 when a call would end
--         after that, feature server, 1 when what it needs was made anew for it} …, ms until something
--         is due or '', health of each server, how much waits on}: due is a retry, a deadline, the end of a lease or of a
--         time without calls

-- include pool/lib
-- include pool/burst
-- include pool/choice
-- include lib/replication

local claim, most, lease_ms, given_time, known_ceilings, life_ms, seen_id, bell, told =
  unpack(ARGV)

local last_fence, known_id, closed_till, passed_retry, passed_preparation =
  unpack(redis.call('HMGET', meta, 'fence', 'replid', 'closed', 'passed:1', 'passed:2'))
closed_till = tonumber(closed_till or 0)
last_fence = tonumber(last_fence or 0)
local now_us = time_in_us(given_time)
local now = math.floor(now_us / 1000)
local servers, most_calls = read_servers(told)
local changed_servers = {}
local nth = 0
for ceiling in string.gmatch(known_ceilings, '%d+') do
  nth = nth + 1
  local server = servers[nth]
  if server and server.ceiling == 0 and ceiling ~= '0' then
    set_ceiling(server, tonumber(ceiling), 1)
    changed_servers[server] = true
  end
end

local function note_single(name)
  local single = redis.call('HGET', meta, 'single')
  if not single then
    redis.call('HSET', meta, 'single', name)
  elseif single ~= name then
    redis.call('HSET', meta, 'single', '')
  end
end

-- As long as gateways claim for a server, what only that one may have is left to them.
if tonumber(most) > 0 then
  for _, server in ipairs(servers) do
    if now >= (server.noted_at or 0) + 1000 then
      server.noted_at = now
      changed_servers[server] = true
      note_single(server.name)
    end
  end
end

-- The pool outlived its life time, what is in it within a moment of each other.
local function forget_lease(key)
  redis.call('ZREM', leases, key)
  local held = redis.call('HGETALL', claims)
  for n = 1, #held, 2 do
    if string.match(held[n + 1], '^%S+ (.*)$') == key then redis.call('HDEL', claims, held[n]) end
  end
end

-- At the tail and as a failed attempt; who was leased first is offered first.
local function offer_expired()
  local over = redis.call('ZRANGEBYSCORE', leases, '-inf', now)
  if #over == 0 then return end
  local found = {}
  for _, key in ipairs(over) do
    local slot = read(key)
    if slot then table.insert(found, {key = key, slot = slot}) else forget_lease(key) end
  end
  table.sort(found, function(a, b) return a.slot.fence < b.slot.fence end)
  for _, lease in ipairs(found) do
    local server = server_named(servers, lease.slot.server)
    if server.probe == lease.slot.fence then
      without_call(server, lease.slot.fence)
      changed_servers[server] = true
    end
    end_lease(lease.key, lease.slot)
    offer(lease.key, lease.slot, lease.slot.attempts + 1)
  end
  redis.call('SPUBLISH', bell, '')
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

local choice

-- The first of a lane that may start. What is blocked is taken from `ready` when it is met, and put
-- back when what it waits for has left the pool: looked at twice at the most, however long it waits.
-- What only a server without room may have is passed over.
local function first_of(lane)
  local passed_over = 0
  while true do
    local from, to = lane * LANE, '(' .. (lane + 1) * LANE
    local entry = redis.call('ZRANGEBYSCORE', ready, from, to, 'LIMIT', passed_over, 1)[1]
    if entry == nil then return nil end
    local key = key_of(entry)
    local slot = read(key)
    if slot == nil then
      -- The pool outlived its life time, its keys within a moment of each other.
      redis.call('ZREM', line, entry)
      redis.call('ZREM', ready, entry)
    elseif slot.after and redis.call('HEXISTS', slots, slot.after) == 1 then
      redis.call('ZREM', ready, entry)
    elseif slot.only and not choose(choice, slot, now) then
      passed_over = passed_over + 1
    else
      return key, slot
    end
  end
end

-- How many were served before each lane, and how many may be: core/fair-queue/lanes.ts.
local passed = {[RETRY] = tonumber(passed_retry or 0), [PREPARATION] = tonumber(passed_preparation or 0)}
local PATIENCE = {[RETRY] = 3, [PREPARATION] = 9}
local passed_changed = false

local function next_in_turn()
  for lane = RETRY, PREPARATION do
    if passed[lane] >= PATIENCE[lane] then
      local key, slot = first_of(lane)
      if key then return key, slot end
    end
  end
  for lane = INTERACTIVE, PREPARATION do
    local key, slot = first_of(lane)
    if key then return key, slot end
  end
end

local function note_passed(lane)
  if lane ~= INTERACTIVE and passed[lane] ~= 0 then
    passed[lane] = 0
    passed_changed = true
  end
  if redis.call('ZCOUNT', ready, (lane + 1) * LANE, '+inf') == 0 then return end
  for later = lane + 1, PREPARATION do
    if first_of(later) then
      passed[later] = passed[later] + 1
      passed_changed = true
    end
  end
end

local may_call
-- Whether another call may begin; the first time it is asked it looks.
local function may_lease()
  if may_call == nil then
    may_call = has_any_room(choice, now) and not is_closed()
    if may_call then admit_retries() end
  end
  return may_call and has_any_room(choice, now)
end

local function lease(key, slot, claim_id, server)
  local in_flight = choice.counts[server.name]
  -- From the time, so that a pool that lost its memory still gives greater fences than before.
  last_fence = math.max(last_fence + 1, now_us)
  slot.fence, slot.claim, slot.since = last_fence, claim_id, now
  slot.till = now + tonumber(lease_ms)
  slot.overdue = is_overdue(server, slot, in_flight, now)
  slot.alone, slot.judged = in_flight == 0, false
  slot.server = server.name
  choice.counts[server.name] = in_flight + 1
  if not slot.overdue and server.opened_at then
    server.probe = slot.fence
    changed_servers[server] = true
  end
  redis.call('HSET', claims, claim_id, server.name .. ' ' .. key)
  redis.call('ZADD', leases, slot.till, key)
  write(key, slot)
  return slot
end

local function lease_next(claim_id)
  if redis.call('ZCARD', line) == 0 then return nil end
  -- What waits in vain takes no place at the server.
  local overdue = redis.call('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, 1)[1]
  local key, slot = overdue, overdue and read(overdue)
  if overdue and not slot then redis.call('ZREM', deadlines, overdue) end
  if slot then
    take_out(key, slot)
    return lease(key, slot, claim_id, order_of(choice, slot)[1])
  end
  if not may_lease() then return nil end
  key, slot = next_in_turn()
  if key == nil then return nil end
  take_out(key, slot)
  served(slot)
  note_passed(slot.lane)
  return lease(key, slot, claim_id, choose(choice, slot, now))
end

local function lease_all()
  local given, fence_before = {}, last_fence
  for n = 0, most - 1 do
    local claim_id = claim .. ' ' .. n
    local held = redis.call('HGET', claims, claim_id)
    local slot = held and read(string.match(held, '^%S+ (.*)$')) or lease_next(claim_id)
    if not slot then break end
    local left = slot.deadline and slot.deadline - now or ''
    given[#given + 1] = {
      slot.value, whole(slot.fence), slot.attempts, left, slot.overdue and 1 or 0, slot.server,
      slot.healed and 1 or 0,
    }
  end
  if last_fence ~= fence_before then redis.call('HSET', meta, 'fence', whole(last_fence)) end
  if passed_changed then
    redis.call('HSET', meta, 'passed:1', passed[RETRY], 'passed:2', passed[PREPARATION])
  end
  for server in pairs(changed_servers) do write_server(server) end
  return given
end

local function next_due(waiting)
  local till = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
  local due_at = tonumber(till) or math.huge
  if waiting > 0 then
    local deadline = redis.call('ZRANGE', deadlines, 0, 0, 'WITHSCORES')[2]
    local retry =
      redis.call('ZRANGEBYSCORE', due, '(' .. whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
    due_at = math.min(due_at, tonumber(retry) or math.huge, tonumber(deadline) or math.huge)
  end
  if closed_till > now then due_at = math.min(due_at, closed_till) end
  for _, server in ipairs(servers) do
    if server.opened_at and now < probe_at(server) then due_at = math.min(due_at, probe_at(server)) end
  end
  return due_at == math.huge and '' or due_at - now
end

offer_expired()
choice = new_choice(servers, most_calls)
local result = lease_all()
local waiting = redis.call('ZCARD', line)
result[#result + 1] = next_due(waiting)
result[#result + 1] = healths_of(servers, now)
result[#result + 1] = waiting
keep(life_ms)
return result
