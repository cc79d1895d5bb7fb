#!lua flags=allow-oom
-- Removes an image after its objects (A10).
-- KEYS  state, log, channel, keys of callers, answers, answers order, departed, tombstones, reply
-- ARGV  now, history, image, keep reply ms
-- Reply { 'done', replication id, facts } | { refusal }
local state, log, channel = unpack(KEYS, 1, 3)
local answers, answers_order, departed, tombstones, reply = unpack(KEYS, 5, 9)
local now, history, image_id, keep_reply_ms = unpack(ARGV)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/ids
-- include session/lib/objects
-- include session/lib/clicks
-- include session/lib/images
-- include session/lib/changes
-- include session/lib/lifecycle
-- include session/lib/answers

if not find_session() then return { 'session_not_found' } end
local earlier = redis.call('GET', reply)
if earlier then return { 'done', replid, earlier } end
if not load_image(image_id) then return { 'image_not_found' } end

for _, id in ipairs(ids('objects')) do
  local object = load_object(id)
  if object.image == image_id then bury_object(object) end
end
local facts = facts_of(image_id)
redis.call('HDEL', state, 'image ' .. image_id, 'facts ' .. image_id, 'body ' .. image_id)
remove_id('images', image_id)
forget_answers(image_id)
append('image.removed', '{"imageId":"' .. image_id .. '"}')
commit(now, history)
redis.call('SET', reply, facts, 'PX', keep_reply_ms)
return { 'done', replid, facts }
