-- What is known of the feature server, for scripts that give calls or end them: core/burst in Lua, and
-- compared with it command by command. Where a number is from, and why, is said there.
--
-- One packed field of `meta` for each server, under its name: ceiling, limit, cut_at, slow, rest_until,
-- base (of a call that is alone, by kind), failures, opened_at, pause_ms, probe (fence), and for each
-- kind of call {mean, high}. The durations that these are from: `times:<server>:<kind>`.
local SERVER = 'default'

local function read_server()
  local packed = redis.call('HGET', meta, 'server:' .. SERVER)
  if packed then return cmsgpack.unpack(packed) end
  return {
    ceiling = 0, limit = 1, cut_at = 0, slow = 0, rest_until = 0, base = {}, failures = 0,
    pause_ms = 500, encode = {mean = 500, high = 750}, segment = {mean = 500, high = 750},
  }
end

local function write_server(server)
  redis.call('HSET', meta, 'server:' .. SERVER, cmsgpack.pack(server))
end

local function round(number) return math.floor(number + 0.5) end

local function set_ceiling(server, ceiling, at_least)
  server.ceiling = ceiling
  server.limit = math.max(1, math.min(math.max(server.limit, at_least), ceiling))
end

local function places_of(server) return math.min(math.floor(server.limit), server.ceiling) end

-- When a server that is left alone may be tried again.
local function probe_at(server) return server.opened_at + server.pause_ms end

-- Whether one more call may begin.
local function may_begin(server, in_flight, now)
  if in_flight >= places_of(server) then return false end
  return not server.opened_at or (now >= probe_at(server) and not server.probe)
end

local function health_of(server, now)
  if server.opened_at then return 'down' end
  local is_cut = server.limit <= server.ceiling / 2 and now < server.cut_at + 10000
  return (is_cut or server.failures >= 3) and 'degraded' or 'ok'
end

local function wait_ms(ahead, places, per_call)
  local open = math.max(1, places)
  return round(math.max(0, ahead + 1 - open) / open * per_call)
end

-- Waiting, leased, limit, ceiling, health, mean time of a call.
local function load(server, now)
  local leased = redis.call('ZCARD', leases)
  return redis.call('HLEN', slots) - leased, leased, places_of(server), server.ceiling,
    health_of(server, now), round(server.segment.mean)
end

local function call_of(slot) return slot.kind == 'prepare' and 'encode' or 'segment' end

-- A call that began at that time would end too late.
local function is_too_late(server, slot, at)
  return slot.deadline ~= nil and at + server[call_of(slot)].high > slot.deadline
end

-- Whether to end it without a call. While nothing is under way one is made if there is some time left.
local function is_overdue(server, slot, in_flight, now)
  if in_flight > 0 then return is_too_late(server, slot, now) end
  return slot.deadline ~= nil and now + math.min(1000, server[call_of(slot)].high) > slot.deadline
end

-- The place was given back without a call, or its holder was lost.
local function without_call(server, fence)
  if server.probe == fence then server.probe = nil end
end

-- include pool/burst-ends
