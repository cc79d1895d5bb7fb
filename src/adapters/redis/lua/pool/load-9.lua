#!lua flags=no-writes
-- How much waits, how much is worked on, and how much may be.
--
-- KEYS  the pool's nine, see lib.lua
-- Result  {waiting, leased, limit}

-- include pool/lib

local leased = redis.call('ZCARD', leases)
local limit = tonumber(redis.call('HGET', meta, 'limit') or 0)
return {redis.call('HLEN', slots) - leased, leased, limit}
