#!lua flags=allow-oom
-- Removes an object and cancels its pending clicks (A16, L2).
-- KEYS  state, log, channel, departed, tombstones, reply
-- ARGV  now, history, object, keep reply ms
-- Reply { 'done', replication id } | { refusal }
local state, log, channel, departed, tombstones, reply = unpack(KEYS)
local now, history, object_id, keep_reply_ms = unpack(ARGV)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/ids
-- include session/lib/objects
-- include session/lib/clicks
-- include session/lib/changes
-- include session/lib/lifecycle

if not find_session() then return { 'session_not_found' } end
if redis.call('EXISTS', reply) == 1 then return { 'done', replid } end
local object = load_object(object_id)
if not object then return { 'object_not_found' } end
bury_object(object)
commit(now, history)
redis.call('SET', reply, '', 'PX', keep_reply_ms)
return { 'done', replid }
