#!lua flags=allow-oom
-- Hands out sessions whose turn has come, the longest due first. They come again after a while, as long
-- as they are watched.
-- KEYS  see lib.lua
-- ARGV  how many at most, next turn in ms, time in ms or '' for the server's
-- Reply { session … }

-- include watch/lib

local limit, next_in_ms, given_time = unpack(ARGV)

local now = time_in_ms(given_time)
local taken = {}
for _, session in ipairs(redis.call('ZRANGEBYSCORE', turns, '-inf', now, 'LIMIT', 0, limit)) do
  taken[#taken + 1] = session
  if tonumber(redis.call('ZSCORE', till, session) or 0) > now then
    redis.call('ZADD', turns, now + next_in_ms, session)
  else
    redis.call('ZREM', till, session)
    redis.call('ZREM', turns, session)
  end
end
return taken
