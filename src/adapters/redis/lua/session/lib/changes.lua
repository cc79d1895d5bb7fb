-- What a change of an object's prompt is answered with. Needs `state`, log.lua, objects.lua.

-- The first answer to a change, as it is kept: what `Changed` says, but for what changes later.
local function change_text(click, object, image, revision, position)
  return click .. ' ' .. object .. ' ' .. image .. ' ' .. revision .. ' ' .. position
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
