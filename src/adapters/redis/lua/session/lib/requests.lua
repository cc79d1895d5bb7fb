-- Requests, and callers' keys, with their first answers (A4). Needs `requests`, `requests_order`,
-- log.lua, objects.lua.

-- Bounds the fields for them; a click has one for its request, and one for its key if it has any.
local MAX_REPLAYABLE = 20000

-- What this request, or another one with the same key and content, was answered before;
-- the second result is true when the key was used for something else.
local function earlier_change(request, key, fingerprint)
  local found = redis.call('HMGET', requests, 'key ' .. key, 'request ' .. request)
  local keyed, first = found[1], found[2]
  if key == '' or not keyed then return first end
  local change, known = string.match(keyed, '^(.-)\n(.*)$')
  return change, known ~= fingerprint
end

-- The reply to a change: with the image of the object if that needs a call.
local function changed(change, replayed, object)
  if not object or not is_dirty(object) then return { 'done', replid, change, replayed } end
  local image = redis.call('HMGET', state, 'image ' .. object.image, 'facts ' .. object.image)
  return { 'done', replid, change, replayed, image[1], image[2] }
end

-- An earlier answer as it is given again: what the caller enqueues by is the present.
local function replayed(change)
  return changed(change, 1, load_object(string.match(change, '^%S+ (%S+)')))
end

local function remember_field(field, text)
  redis.call('HSET', requests, field, text)
  local count = redis.call('RPUSH', requests_order, field)
  if count == 1 then
    redis.call('PEXPIREAT', requests, kept_until)
    redis.call('PEXPIREAT', requests_order, kept_until)
  end
  if count > MAX_REPLAYABLE then redis.call('HDEL', requests, redis.call('LPOP', requests_order)) end
end

local function remember_request(request, key, fingerprint, change)
  remember_field('request ' .. request, change)
  if key ~= '' then remember_field('key ' .. key, change .. '\n' .. fingerprint) end
end
