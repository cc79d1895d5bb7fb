#!lua flags=no-writes
-- Where an item stands.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 key
-- Result  {queued | running, position}, or nil when it is not in the pool

-- include pool/lib

local key = ARGV[1]

local slot = read(key)
if slot == nil then return nil end
if is_leased(slot) then return {'running', 0} end
return {'queued', position(key, slot)}
