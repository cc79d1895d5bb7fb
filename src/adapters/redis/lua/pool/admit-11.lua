#!lua
-- Lets an item in, or tells how long it would take when that is too long (A14). What is there already
-- is always let in. What is let in counts as there for a moment.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 key, 2 session, 3 kind: segment | prepare, 4 ms until nobody wants its result any more or '',
--       5 longest wait in ms, 6 time in ms or '' for the server's, 7 feature servers, see burst.lua
-- Result  {'' or ms until its result would be there, waiting, leased, limit, ceiling, health of each
--         server, mean time of a call in ms, calls that will be open}

-- include pool/lib
-- include pool/burst

local key, session, kind, deadline_in_ms, max_wait_ms, given_time, told = unpack(ARGV)
local now = time_in_ms(given_time)
local servers, most = read_servers(told)

-- Long enough for a click to be written down; a gateway that dies meanwhile leaves no more behind.
local RESERVED_MS = 2000

local function ahead()
  redis.call('ZREM', reserved, key)
  redis.call('ZREMRANGEBYSCORE', reserved, '-inf', now)
  local lane = kind == 'segment' and INTERACTIVE or PREPARATION
  local earlier = redis.call('ZCOUNT', line, '-inf', lane * LANE + next_tag(lane, session))
  return redis.call('ZCARD', leases) + earlier + redis.call('ZCARD', reserved)
end

local function eta_if_too_long()
  if redis.call('HEXISTS', slots, key) == 1 then return '' end
  local before = ahead()
  local places, mean, high = together(servers, most, foreseen_places)
  local wait = wait_ms(before, places, mean)
  local in_time = deadline_in_ms == '' or wait + high <= tonumber(deadline_in_ms)
  -- What is next is let in whatever is thought of calls.
  if before > 0 and (wait > tonumber(max_wait_ms) or not in_time) then
    return round(wait + mean)
  end
  redis.call('ZADD', reserved, now + RESERVED_MS, key)
  return ''
end

return {eta_if_too_long(), load(servers, most, now)}
