#!lua flags=allow-oom
-- Appends `session.closed` and forgets the data (A8, L8). The doorbell is all that tells of it.
-- KEYS  state, log, channel, keys of callers, answers, answers order, departed, tombstones, reply
-- ARGV  now, history, payload of the event, how long the reply is kept in ms
-- Reply { 'done', replication id, facts of each image … } | { 'session_not_found' }
local state, log, channel = unpack(KEYS, 1, 3)
local reply = KEYS[9]
local now, history, payload, keep_reply_ms = unpack(ARGV)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/ids
-- include session/lib/images

-- The tombstone of the session: the same request, sent again, is answered the same.
local earlier = redis.call('GET', reply)
if earlier then return { 'done', replication_id(), unpack(cmsgpack.unpack(earlier)) } end
if not find_session() then return { 'session_not_found' } end

local images = {}
for n, id in ipairs(ids('images')) do images[n] = facts_of(id) end
append('session.closed', payload)
commit(now, history)
for _, key in ipairs(KEYS) do redis.call('UNLINK', key) end
redis.call('SET', reply, cmsgpack.pack(images), 'PX', keep_reply_ms)
return { 'done', replid, unpack(images) }
