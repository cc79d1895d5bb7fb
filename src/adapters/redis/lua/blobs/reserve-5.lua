#!lua
-- Makes room for a blob and notes who holds it; the bytes are written afterwards.
--
-- KEYS  the index's five, see lib.lua
-- ARGV  1 id, 2 size in bytes, 3 content type, 4 holder, 5 bytes that all blobs may have, 6 life
--       of a blob that nobody uses, ms
-- Result  {generation of the blob, part of the name of its key; replication id}

-- include blobs/lib
-- include lib/replication

local id, size, content_type, holder, max_bytes, life_ms = unpack(ARGV)
-- Bounds the work of one call; the rest is forgotten by the next ones.
local MAX_FORGOTTEN = 100

local function forget_unused(now)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, MAX_FORGOTTEN)) do
    for _, former in ipairs(seconds(by_blob, old)) do let_go(old, former) end
    local entry = entry_of(old)
    if entry then forget(old, entry) else redis.call('ZREM', expiry, old) end
  end
end

local function admit(now_us)
  local bytes = tonumber(redis.call('HGET', meta, 'bytes') or 0)
  if bytes + size > tonumber(max_bytes) then return nil end
  redis.call('HINCRBY', meta, 'bytes', size)
  local entry = {generation = now_us, size = tonumber(size), content_type = content_type}
  redis.call('HSET', entries, id, cmsgpack.pack(entry))
  return entry
end

local now_us = time_in_us('')
local now = math.floor(now_us / 1000)
forget_unused(now)
local entry = entry_of(id) or admit(now_us)
if not entry then
  local problem = {code = 'storage_unavailable', detail = 'The store for images is full.'}
  return redis.error_reply('PROBLEM ' .. cjson.encode(problem))
end
redis.call('ZADD', by_holder, 0, holder .. '\0' .. id)
redis.call('ZADD', by_blob, 0, id .. '\0' .. holder)
redis.call('ZADD', expiry, now + life_ms, id)
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 2 * life_ms) end
return {string.format('%.0f', entry.generation), replication_id()}
