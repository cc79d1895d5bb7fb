#!lua flags=allow-oom
-- Puts the end of a lease off.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 key, 2 fence of the lease, 3 its length from now in ms, 4 time in ms or '' for the server's
-- Result  1, or 0 when the lease is gone

-- include pool/lib

local key, fence, lease_ms, given_time = unpack(ARGV)

local slot = read(key)
if slot == nil or not is_leased(slot) or whole(slot.fence) ~= fence then return 0 end
slot.till = time_in_ms(given_time) + tonumber(lease_ms)
redis.call('ZADD', leases, slot.till, key)
write(key, slot)
return 1
