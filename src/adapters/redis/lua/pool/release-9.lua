#!lua flags=allow-oom
-- Ends exactly this lease; nothing when it is gone (L5).
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 key, 2 fence of the lease, 3 '1' when the object changed meanwhile, 4 ms from now before
--       which the attempt is not to be repeated, or '' when it is not to be, 5 time in ms or '' for
--       the server's, 6 life of the pool in ms or '', 7 channel of the doorbell
-- Result  1, or 0 when the lease is gone

-- include pool/lib

local key, fence, dirty, retry_in_ms, given_time, life_ms, bell = unpack(ARGV)

local slot = read(key)
if slot == nil or not is_leased(slot) or whole(slot.fence) ~= fence then return 0 end
local again = slot.again
end_lease(key, slot)
if retry_in_ms ~= '' then
  slot.attempts = slot.attempts + 1
  slot.not_before = time_in_ms(given_time) + tonumber(retry_in_ms)
  slot.again = false
  put(key, slot, RETRY)
elseif dirty == '1' or again then
  offer(key, slot, 0)
else
  forget(key, slot)
end
redis.call('SPUBLISH', bell, '')
keep(life_ms)
return 1
