-- Which server a piece of work goes to: core/burst/server-set.ts. A choice is of {servers, most (calls in
-- all), counts (calls of each, by name; those of other gateways' servers, too)}.

-- And whether it is this gateway's; one that is not is read, too.
local function server_named(servers, name)
  for _, server in ipairs(servers) do
    if server.name == name then return server, true end
  end
  return read_server(name), false
end

local function new_choice(servers, most)
  local counts = count_claims(servers[1].name)
  for _, server in ipairs(servers) do counts[server.name] = counts[server.name] or 0 end
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
  for _, calls in pairs(choice.counts) do all = all + calls end
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

-- For this gateway, or for another one. A probe that is under way is worth waiting for.
local function is_there(server, is_own, now)
  if server.ceiling == 0 or server.opened_at and now < probe_at(server) then return false end
  return is_own or now < (server.noted_at or 0) + 5000
end

-- The server for one more call, or nil when none has room for it.
local function choose(choice, slot, now)
  local order = order_of(choice, slot)
  if slot.only then
    local server, is_own = server_named(choice.servers, slot.only)
    if is_there(server, is_own, now) then order = is_own and {server} or {} end
  end
  for _, server in ipairs(order) do
    if has_room(choice, server, now) then return server end
  end
  return nil
end
