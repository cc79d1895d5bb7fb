-- Who holds which blob, for all scripts of this folder. The bytes are elsewhere, one key for each.
--
-- meta       hash    bytes: of all blobs together
-- entries    hash    id -> generation, size and content type, packed
-- expiry     zset    id -> when it is forgotten unless it is used before, ms
-- by_holder  zset    "<holder>\0<id>": read by range
-- by_blob    zset    "<id>\0<holder>": read by range
local meta, entries, expiry, by_holder, by_blob = unpack(KEYS)

-- include lib/time

local function entry_of(id)
  local packed = redis.call('HGET', entries, id)
  return packed and cmsgpack.unpack(packed) or nil
end

-- What follows `first` in the members of the set.
local function seconds(set, first, limit)
  local found = redis.call(
    'ZRANGEBYLEX', set, '[' .. first .. '\0', '(' .. first .. '\1', 'LIMIT', 0, limit or -1)
  for index, text in ipairs(found) do found[index] = string.sub(text, #first + 2) end
  return found
end

local function let_go(id, holder)
  redis.call('ZREM', by_holder, holder .. '\0' .. id)
  redis.call('ZREM', by_blob, id .. '\0' .. holder)
end

local function forget(id, entry)
  redis.call('HINCRBY', meta, 'bytes', -entry.size)
  redis.call('HDEL', entries, id)
  redis.call('ZREM', expiry, id)
end
