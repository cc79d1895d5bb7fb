#!lua flags=allow-oom
-- Records how the preparation ended; nothing of content that everybody has left, since nobody would
-- ever forget it.
--
-- KEYS  1 content, see join-1.lua
-- ARGV  1 the state, JSON, 2 life of the key in ms
-- Result  the sessions that hold the content

local content = KEYS[1]
local state, life_ms = unpack(ARGV)

if redis.call('PEXPIRE', content, life_ms) == 0 then return {} end
redis.call('HSET', content, 'state', state)
local holders = {}
for _, field in ipairs(redis.call('HKEYS', content)) do
  local session = string.match(field, '^holder:(.*)$')
  if session then table.insert(holders, session) end
end
return holders
