#!lua flags=no-writes
-- When a retry becomes due or a lease runs out; the earliest.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 time in ms or '' for the server's
-- Result  ms from now, below 0 for a lease that is over; nil for never

-- include pool/lib

local now = time_in_ms(ARGV[1])
local till = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
local retry = redis.call('ZRANGEBYSCORE', due, '(' .. whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
if not till and not retry then return nil end
return math.min(tonumber(till or retry), tonumber(retry or till)) - now
