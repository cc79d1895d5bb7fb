#!lua
-- Writes the bytes of a blob, or keeps those that are there.
--
-- KEYS  the bytes
-- ARGV  1 their life, ms, 2 the bytes, or nothing to see whether they are there
-- Result  {there (1, 0), replication id}

local bytes = KEYS[1]
local life_ms, value = unpack(ARGV)
-- include lib/replication

local there = redis.call('PEXPIRE', bytes, life_ms) == 1
if not there and value then
  redis.call('SET', bytes, value, 'PX', life_ms)
  there = true
end
return {there and 1 or 0, replication_id()}
