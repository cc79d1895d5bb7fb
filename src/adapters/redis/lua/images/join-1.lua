#!lua
-- The session needs this content from now on (A11).
--
-- KEYS  1 content (hash): state -> how its preparation ended, JSON; holder:<session> -> 1
-- ARGV  1 session, 2 '1' when a failed preparation is to begin anew, 3 life of the key in ms
-- Result  the state, or nil when the content is being prepared

local content = KEYS[1]
local session, renew, life_ms = unpack(ARGV)

redis.call('HSET', content, 'holder:' .. session, 1)
redis.call('PEXPIRE', content, life_ms)
local state = redis.call('HGET', content, 'state')
if state and renew == '1' and cjson.decode(state).state == 'failed' then
  redis.call('HDEL', content, 'state')
  return nil
end
return state
