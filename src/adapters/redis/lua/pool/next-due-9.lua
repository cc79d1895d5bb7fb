#!lua flags=no-writes
-- When a retry becomes due, a lease runs out, or claims are open again; the earliest.
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 time in ms or '' for the server's
-- Result  ms from now, below 0 for a lease that is over; nil for never

-- include pool/lib

local now = time_in_ms(ARGV[1])
local till = redis.call('ZRANGE', leases, 0, 0, 'WITHSCORES')[2]
local retry = redis.call('ZRANGEBYSCORE', due, '(' .. whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local closed = tonumber(redis.call('HGET', meta, 'closed') or 0)
local due_at = math.min(tonumber(till) or math.huge, tonumber(retry) or math.huge)
if closed > now then due_at = math.min(due_at, closed) end
if due_at == math.huge then return nil end
return due_at - now
