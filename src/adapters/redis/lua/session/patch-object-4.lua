#!lua
-- Changes what people call an object and how it looks (A16). A field that is left out stays.
-- KEYS  state, log, channel, reply
-- ARGV  now, history, object, keep reply ms, label, color, metadata (JSON; 'null' removes, '' leaves)
-- Reply { 'done', replication id, body as JSON } | { refusal }
local state, log, channel, reply = unpack(KEYS)
local now, history, object_id, keep_reply_ms = unpack(ARGV, 1, 4)
local patch = { label = ARGV[5], color = ARGV[6], metadata = ARGV[7] }
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/objects
-- include session/lib/clicks
-- include session/lib/views

if not find_session() then return { 'session_not_found' } end
local object = load_object(object_id)
if not object then return { 'object_not_found' } end
if redis.call('EXISTS', reply) == 1 then return { 'done', replid, object_body(object) } end

for name, value in pairs(patch) do
  local field = name .. ' ' .. object_id
  if value == 'null' then
    redis.call('HDEL', state, field)
  elseif value ~= '' then
    redis.call('HSET', state, field, value)
  end
end
local looks = looks_of(object)
append('object.updated', '{"objectId":"' .. object.id .. '","imageId":"' .. object.image
  .. '","revision":' .. object.rev .. looks .. '}')
commit(now, history)
redis.call('SET', reply, '', 'PX', keep_reply_ms)
return { 'done', replid, object_body(object) }
