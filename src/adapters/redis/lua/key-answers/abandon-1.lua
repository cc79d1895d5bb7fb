#!lua flags=allow-oom
-- The request was refused: frees the key, unless an answer is kept.
--
-- KEYS  1 the key, see lib.lua
-- Result  1, or 0 when an answer is kept

local kept = KEYS[1]

if redis.call('HEXISTS', kept, 'answer') == 1 then return 0 end
redis.call('DEL', kept)
return 1
