#!lua flags=allow-oom
-- Where the bytes of a blob are. Asking keeps it alive.
--
-- KEYS  the index's five, see lib.lua
-- ARGV  1 id, 2 life of a blob that nobody uses, ms
-- Result  {generation, content type}, or nil when there is none

-- include blobs/lib

local id, life_ms = unpack(ARGV)

local entry = entry_of(id)
if not entry then return nil end
redis.call('ZADD', expiry, time_in_ms('') + life_ms, id)
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 2 * life_ms) end
return {string.format('%.0f', entry.generation), entry.content_type}
