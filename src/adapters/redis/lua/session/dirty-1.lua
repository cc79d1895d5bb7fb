#!lua flags=allow-oom
-- Everything of the session that waits for work (L7).
-- KEYS  state
-- Reply { { object, facts of its image, object, facts … }, { facts of an image in preparation, … } }
local state = KEYS[1]
-- include session/lib/fields
-- include session/lib/ids
-- include session/lib/objects
-- include session/lib/images

local objects, images = {}, {}
for _, id in ipairs(ids('objects')) do
  local object = load_object(id)
  if is_dirty(object) then
    objects[#objects + 1] = id
    objects[#objects + 1] = facts_of(object.image)
  end
end
for _, id in ipairs(ids('images')) do
  if load_image(id).status == 'preparing' then images[#images + 1] = facts_of(id) end
end
return { objects, images }
