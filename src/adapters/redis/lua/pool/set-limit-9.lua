#!lua flags=allow-oom
-- Sets how many leases there may be. Those above a lowered limit run on.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 limit, 2 life of the pool in ms, 3 channel of the doorbell
-- Result  1

-- include pool/lib

local limit, life_ms, bell = unpack(ARGV)

redis.call('HSET', meta, 'limit', limit)
redis.call('PUBLISH', bell, '')
keep(life_ms)
return 1
