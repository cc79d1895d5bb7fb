#!lua
-- Makes a failed object dirty again (A16). The prompt is what it was, so the revision stays; it only
-- counts as not answered. Appends nothing.
-- KEYS  state, reply
-- ARGV  now, object, keep reply ms
-- Reply { 'done', replication id, revision, image } | { refusal }
local state, reply = unpack(KEYS)
local now, object_id, keep_reply_ms = unpack(ARGV)
-- include session/lib/fields
-- include session/lib/objects
-- include session/lib/images
-- include session/lib/clicks
-- include session/lib/views
-- include lib/replication

local function done(object)
  return { 'done', replication_id(), object.rev, object.image }
end

if redis.call('HEXISTS', state, 'epoch') == 0 then return { 'session_not_found' } end
local object = load_object(object_id)
if not object then return { 'object_not_found' } end
if redis.call('EXISTS', reply) == 1 then return done(object) end
local _, problem = looks_of(object)
if object_status(object, problem) ~= 'failed' then return { 'conflict' } end
object.done = object.rev - 1
object.changed_at = now
save_object(object)
renew_preparation(load_image(object.image))
flush()
redis.call('SET', reply, '', 'PX', keep_reply_ms)
return done(object)
