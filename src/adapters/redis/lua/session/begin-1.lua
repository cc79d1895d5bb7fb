#!lua
-- Registers the fence of the call that is about to be made (L3).
-- KEYS  state
-- ARGV  object, fence
-- Reply { 'work', revision, prompt as JSON, facts of the image, changed at, traceparent }
--       | { 'clean' } | { 'stale' }
local state = KEYS[1]
local object_id, fence = unpack(ARGV)
-- include session/lib/objects
-- include session/lib/images
-- include session/lib/prompt

local object = load_object(object_id)
local image = object and load_image(object.image)
if not image or not is_dirty(object) then return { 'clean' } end
if tonumber(fence) < tonumber(object.run) then return { 'stale' } end
object.run = fence
object.runRevision = object.rev
save_object(object)
return {
  'work', object.rev, prompt_json(object.clicks), image.facts, object.changedAt, object.traceparent,
}
