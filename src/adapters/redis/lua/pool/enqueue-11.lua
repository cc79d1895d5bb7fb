#!lua
-- Adds an item, or finds that it is there (L5). Never refuses. What it waits for is promoted.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 key, 2 session, 3 kind: segment | prepare, 4 key of the preparation that must have left
--       the pool before this may start, or '', 5 value, returned by claims, 6 life of the pool in
--       ms or '', 7 channel of the doorbell, 8 cost of a turn, 9 ms until nobody wants the result any
--       more or '', 10 time in ms or '' for the server's, 11 feature servers, see burst.lua, 12 their
--       order for this item, or '', 13 the one that it is for alone, or '',
--       14 who rings the doorbell
-- Result  {queued | merged | running, position, waiting, leased, limit, ceiling, health of each server,
--         mean time of a call in ms, calls that will be open}

-- include pool/lib
-- include pool/burst

local key, session, kind, after, value, life_ms, bell, cost, deadline_in_ms, given_time, told, rank, only,
  ringer = unpack(ARGV)
if after == '' then after = nil end
if rank == '' then rank = nil end
if only == '' then only = nil end
local now = time_in_ms(given_time)
local deadline = deadline_in_ms ~= '' and now + tonumber(deadline_in_ms) or nil

-- Whether a preparation would be served earlier in the session's next turn. A retry is let be.
local function is_better_off(slot)
  if slot.lane ~= INTERACTIVE then return slot.lane == PREPARATION end
  return next_tag(INTERACTIVE, session) < slot.tag
end

local function promote()
  local slot = read(after)
  if slot == nil then return end
  slot.promoted = true
  if is_leased(slot) or not is_better_off(slot) then return write(after, slot) end
  take_out(after, slot)
  -- In the earliest turn of a session that waits for it, not of the one that uploaded first.
  slot.session = session
  put(after, slot, INTERACTIVE)
end

local function merge(slot)
  if rank and slot.rank ~= rank then
    slot.rank = rank
    write(key, slot)
  end
  if after and slot.after ~= after then
    set_after(key, slot, after)
    write(key, slot)
    unblock(key)
    redis.call('SPUBLISH', bell, ringer)
  end
  if postpone(slot, deadline) then
    write(key, slot)
    if not is_leased(slot) then redis.call('ZADD', deadlines, deadline, key) end
  end
  if not is_leased(slot) then return 'merged', position(key, slot) end
  -- What is prepared cannot change, so the call under way does for everybody.
  if kind == 'segment' and not slot.again then
    slot.again = true
    write(key, slot)
  end
  return 'running', 0
end

local function add()
  local slot = {session = session, kind = kind, value = value, cost = tonumber(cost)}
  slot.deadline, slot.rank, slot.only = deadline, rank, only
  slot.promoted = kind == 'prepare' and #waiting_for(key, 1) > 0
  set_after(key, slot, after)
  offer(key, slot, 0)
  redis.call('SPUBLISH', bell, ringer)
  return 'queued', position(key, slot)
end

redis.call('ZREM', reserved, key)
if after then promote() end
local present = read(key)
local state, place
if present then state, place = merge(present) else state, place = add() end
keep(life_ms)
local servers, most = read_servers(told)
return {state, place, load(servers, most, now)}
