#!lua flags=no-writes
-- Items that would be served before this one if it were added now; where it stands if it is there.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 key, 2 session, 3 kind: segment | prepare
-- Result  {position, waiting, leased, limit}

-- include pool/lib

local key, session, kind = unpack(ARGV)

local function ahead()
  local slot = read(key)
  if slot and is_leased(slot) then return 0 end
  if slot then return position(key, slot) end
  local lane = kind == 'segment' and INTERACTIVE or PREPARATION
  return redis.call('ZCOUNT', line, '-inf', lane * LANE + next_tag(lane, session))
end

return {ahead(), load()}
