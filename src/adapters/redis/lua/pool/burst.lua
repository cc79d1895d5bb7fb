-- What is known of the feature servers, for scripts that give calls or end them: core/burst in Lua, and
-- compared with it command by command. Where a number is from, and why, is said there.
--
-- One packed field of `meta` for each server, under its name: name, ceiling, limit, cut_at, slow,
-- rest_until, base (of a call that is alone, by kind), failures, opened_at, pause_ms, probe (fence),
-- noted_at (when a gateway that can call it last claimed), and for each kind of call {mean, high}. The
-- durations that these are from: `times:<server>:<kind>`; the calls that earn it retries, and when it had
-- the last one: `retries:<server>`, `retried:<server>`. `single` is the server for which all claims were,
-- '' when they were for more than one.
--
-- Which servers there are every script is told by its caller: `<name>` of the only one, or `<most calls
-- at all of them, 0 for any number> <name> <name> …`.

local function read_server(name)
  local packed = redis.call('HGET', meta, 'server:' .. name)
  if packed then return cmsgpack.unpack(packed) end
  return {
    name = name, ceiling = 0, limit = 1, cut_at = 0, slow = 0, rest_until = 0, base = {}, failures = 0,
    pause_ms = 500, encode = {mean = 500, high = 750}, segment = {mean = 500, high = 750},
  }
end

local function write_server(server)
  redis.call('HSET', meta, 'server:' .. server.name, cmsgpack.pack(server))
end

-- All of them in their order, and how many calls they may have in all.
local function read_servers(told)
  if not string.find(told, ' ', 1, true) then return {read_server(told)}, math.huge end
  local servers, most = {}, nil
  for word in string.gmatch(told, '%S+') do
    if most then servers[#servers + 1] = read_server(word) else most = tonumber(word) end
  end
  return servers, most > 0 and most or math.huge
end

-- Calls that each server has been given, by its name. All are of the one named here when no gateway has
-- ever had another.
local function count_claims(name)
  if redis.call('HGET', meta, 'single') == name then return {[name] = redis.call('ZCARD', leases)} end
  local counts = {}
  for _, held in ipairs(redis.call('HVALS', claims)) do
    local name = string.match(held, '^%S+')
    counts[name] = (counts[name] or 0) + 1
  end
  return counts
end

local function round(number) return math.floor(number + 0.5) end

local function set_ceiling(server, ceiling, at_least)
  server.ceiling = ceiling
  server.limit = math.max(1, math.min(math.max(server.limit, at_least), ceiling))
end

local function places_of(server) return math.min(math.floor(server.limit), server.ceiling) end

-- Calls that will be open at once when there is more to do: until it was first halved the limit doubles.
local function foreseen_places(server)
  return server.cut_at == 0 and server.ceiling or places_of(server)
end

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

-- What those that can be called do together, all of them when none can: places, mean and high time.
local function together(servers, most, places_for)
  if #servers == 1 then
    local time = servers[1].segment
    return places_for(servers[1]), time.mean, time.high
  end
  local counted = {}
  for _, server in ipairs(servers) do
    if server.ceiling > 0 and not server.opened_at then counted[#counted + 1] = server end
  end
  if #counted == 0 then counted = servers end
  local first = counted[1].segment
  if #counted == 1 then return math.min(places_for(counted[1]), most), first.mean, first.high end
  local places, per_ms, high = 0, 0, 0
  for _, server in ipairs(counted) do
    local own = places_for(server)
    places = places + own
    per_ms = per_ms + own / server.segment.mean
    high = high + own * server.segment.high
  end
  if places == 0 then return 0, first.mean, first.high end
  return math.min(places, most), places / per_ms, high / places
end

-- Of each in their order, joined by blanks.
local function healths_of(servers, now)
  if #servers == 1 then return health_of(servers[1], now) end
  local healths = {}
  for n, server in ipairs(servers) do
    healths[n] = server.ceiling == 0 and 'down' or health_of(server, now)
  end
  return table.concat(healths, ' ')
end

-- Waiting, leased, limit, ceiling, health of each, mean time of a call, calls that will be open at once.
local function load(servers, most, now)
  local leased = redis.call('ZCARD', leases)
  local places, mean = together(servers, most, places_of)
  local ceiling = 0
  for _, server in ipairs(servers) do ceiling = ceiling + server.ceiling end
  return redis.call('HLEN', slots) - leased, leased, places, math.min(ceiling, most),
    healths_of(servers, now), round(mean), (together(servers, most, foreseen_places))
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

