#!lua flags=allow-oom
-- Sets how many leases there may be. Those above a lowered limit run on.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 limit, 2 life of the pool in ms or '', 3 channel of the doorbell
-- Result  the replication id, for claims

-- include pool/lib
-- include lib/replication

local limit, life_ms, bell = unpack(ARGV)

redis.call('HSET', meta, 'limit', limit)
redis.call('SPUBLISH', bell, '')
keep(life_ms)
return replication_id()
