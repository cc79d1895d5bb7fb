#!lua flags=allow-oom
-- How far the preparation of a content is. Asking keeps it alive.
--
-- KEYS  1 content, see join-1.lua
-- ARGV  1 life of the key in ms
-- Result  the state, '' when the content is being prepared, nil when nobody holds it

local content = KEYS[1]
local life_ms = ARGV[1]

if redis.call('PEXPIRE', content, life_ms) == 0 then return nil end
return redis.call('HGET', content, 'state') or ''
