#!lua
-- Registers the fence of the call that is about to be made (L3).
-- KEYS  state
-- ARGV  object, fence
-- Reply { 'work', tenant, revision, prompt as JSON, facts of the image, changed at, traceparent }
--       | { 'clean' } | { 'stale' }
local state = KEYS[1]
local object_id, fence = unpack(ARGV)
-- include session/lib/fields
-- include session/lib/objects
-- include session/lib/images
-- include session/lib/prompt

local found = redis.call('HMGET', state, 'object ' .. object_id, 'prompt ' .. object_id, 'tenant')
local object = parse_object(object_id, found[1], found[2])
local facts = object and facts_of(object.image)
if not facts or not is_dirty(object) then return { 'clean' } end
if tonumber(fence) < tonumber(object.run) then return { 'stale' } end
object.run = fence
object.run_revision = object.rev
save_object(object)
flush()
return {
  'work', found[3], object.rev, prompt_json(object.prompt), facts,
  object.changed_at, object.traceparent,
}
