-- Sessions that are looked after (L7).
--
-- index  zset  every session -> when it ends, or before; see session/expiry-index.ts
-- till   zset  session -> until when it is watched
-- turns  zset  session -> when it is to be looked at next
local index, till, turns = unpack(KEYS)

-- include lib/time

-- A session that is watched already keeps its turn, unless the new one is earlier.
local function watch(session, now, for_ms, turn_in_ms)
  redis.call('ZADD', till, 'GT', now + for_ms, session)
  redis.call('ZADD', turns, 'LT', now + turn_in_ms, session)
end

local function keep(life_ms)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, life_ms) end
end
