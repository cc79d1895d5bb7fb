-- Which server a piece of work goes to: core/burst/server-set.ts. A choice is of {servers, most (calls in
-- all), counts (calls of each, by name)}.

-- One that is not this gateway's is read, too.
local function server_named(servers, name)
  for _, server in ipairs(servers) do
    if server.name == name then return server end
  end
  return read_server(name)
end

local function new_choice(servers, most)
  local counts
  if #servers == 1 then
    counts = {[servers[1].name] = redis.call('ZCARD', leases)}
  else
    counts = count_claims()
    for _, server in ipairs(servers) do counts[server.name] = counts[server.name] or 0 end
  end
  return {servers = servers, most = most, counts = counts}
end

-- All servers, the best first: as the item's image ranks them, and last where it has failed.
local function order_of(choice, slot)
  if #choice.servers == 1 then return choice.servers end
  local order, last, seen = {}, nil, {}
  local function add(server)
    if seen[server.name] then return end
    seen[server.name] = true
    if server.name == slot.avoid then last = server else order[#order + 1] = server end
  end
  for name in string.gmatch(slot.rank or '', '%S+') do
    for _, server in ipairs(choice.servers) do
      if server.name == name then add(server) end
    end
  end
  for _, server in ipairs(choice.servers) do add(server) end
  order[#order + 1] = last
  return order
end

-- By the places of each server, not by their number: with it, some server has room as long as there are
-- fewer calls than places.
local function bound_of(choice, server)
  local places, calls = 0, 1
  for _, each in ipairs(choice.servers) do
    if each.ceiling > 0 and not each.opened_at then
      places = places + places_of(each)
      calls = calls + choice.counts[each.name]
    end
  end
  return math.ceil(1.25 * calls * places_of(server) / places)
end

local function has_room(choice, server, now)
  local in_flight = choice.counts[server.name]
  if not may_begin(server, in_flight, now) then return false end
  if #choice.servers == 1 then return true end
  local all = 0
  for _, each in ipairs(choice.servers) do all = all + choice.counts[each.name] end
  if all >= choice.most then return false end
  -- A probe is one call, whatever the others have.
  return server.opened_at ~= nil or in_flight < bound_of(choice, server)
end

local function has_any_room(choice, now)
  for _, server in ipairs(choice.servers) do
    if has_room(choice, server, now) then return true end
  end
  return false
end

-- A probe that is under way is worth waiting for.
local function is_there(server, now)
  return server.ceiling > 0 and (not server.opened_at or now >= probe_at(server))
end

-- The server for one more call, or nil when none has room for it.
local function choose(choice, slot, now)
  for _, server in ipairs(choice.servers) do
    if server.name == slot.only and is_there(server, now) then
      return has_room(choice, server, now) and server or nil
    end
  end
  for _, server in ipairs(order_of(choice, slot)) do
    if has_room(choice, server, now) then return server end
  end
  return nil
end
