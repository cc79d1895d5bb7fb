#!lua flags=allow-oom
-- The session needs the content no more; the last one takes it along.
--
-- KEYS  1 content, see join-1.lua
-- ARGV  1 session
-- Result  1

local content = KEYS[1]
local session = ARGV[1]

redis.call('HDEL', content, 'holder:' .. session)
local holders = redis.call('HLEN', content) - redis.call('HEXISTS', content, 'state')
if holders == 0 then redis.call('DEL', content) end
return 1
