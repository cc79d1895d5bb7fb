#!lua
-- Adds an image (A9).
-- KEYS  state, log, channel, reply
-- ARGV  now, history, image, width, height, companions, facts, body, most images, keep reply ms
-- Reply { 'done', replication id, added (1, 0), image field, facts } | { refusal }
local state, log, channel, reply = unpack(KEYS)
local now, history, image_id, width, height = unpack(ARGV, 1, 5)
local companions, facts, body, most, keep_reply_ms = unpack(ARGV, 6, 10)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/ids
-- include session/lib/images

local function done(added)
  local field = redis.call('HGET', state, 'image ' .. image_id)
  return { 'done', replid, added, field, facts_of(image_id) }
end

if not find_session() then return { 'session_not_found' } end
local present = load_image(image_id)
if present and redis.call('EXISTS', reply) == 1 then return done(1) end
if present and present.companions ~= companions then return { 'conflict' } end
if present then return done(0) end
if #ids('images') >= tonumber(most) then return { 'limit_reached' } end

save_image({
  id = image_id, width = width, height = height, status = 'preparing', companions = companions,
  problem = '',
})
set('facts ' .. image_id, facts)
set('body ' .. image_id, body)
add_id('images', image_id)
append('image.added', body)
commit(now, history)
redis.call('SET', reply, '', 'PX', keep_reply_ms)
return done(1)
