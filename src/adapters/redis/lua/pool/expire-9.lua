#!lua flags=allow-oom
-- Offers again, at the tail and as a failed attempt, what nobody has renewed (L5).
--
-- KEYS  the pool's nine, see lib.lua
-- ARGV  1 time in ms or '' for the server's, 2 life of the pool in ms or '', 3 channel of the doorbell
-- Result  how many

-- include pool/lib

local given_time, life_ms, bell = unpack(ARGV)

local over = redis.call('ZRANGEBYSCORE', leases, '-inf', time_in_ms(given_time))
-- Asked for every few seconds, so that no key is left without a life time for longer.
keep(life_ms)
if #over == 0 then return 0 end
local found = {}
for _, key in ipairs(over) do
  local slot = read(key)
  if slot then table.insert(found, {key = key, slot = slot}) else redis.call('ZREM', leases, key) end
end
-- Who was leased first is offered first.
table.sort(found, function(a, b) return a.slot.fence < b.slot.fence end)
for _, lease in ipairs(found) do
  end_lease(lease.key, lease.slot)
  offer(lease.key, lease.slot, lease.slot.attempts + 1)
end
redis.call('SPUBLISH', bell, '')
keep(life_ms)
return #found
