#!lua flags=allow-oom
-- Names what the pool remembers: another name after a change of primary or a restart, which may have
-- lost something, and when its keys were deleted.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 life of the pool in ms
-- Result  the name

-- include pool/lib
-- include lib/replication

local life_ms = unpack(ARGV)

local born = redis.call('HGET', meta, 'born')
if not born then
  born = whole(time_in_us(''))
  redis.call('HSET', meta, 'born', born)
  keep(life_ms)
end
return born .. ' ' .. replication_id()
