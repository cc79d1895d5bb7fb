#!lua
-- Makes a session and appends `session.opened` (A6). The only script that makes one.
-- KEYS  state, log, channel
-- ARGV  request, now, expires at, keys are kept until, history, payload of the event,
--       then field, value … of the facts
-- Reply { 'done', replication id, epoch, expires at } | { 'conflict' }
local state, log, channel = unpack(KEYS)
local request, now, expires_at, keep_until, history, payload = unpack(ARGV, 1, 6)
-- include session/lib/fields
-- include session/lib/log

replid = replication_id()
local present = redis.call('HMGET', state, 'openedBy', 'epoch', 'expiresAt')
if present[2] then
  if present[1] == request then return { 'done', replid, present[2], present[3] } end
  return { 'conflict' }
end

epoch, last, kept_until = now, 0, keep_until
redis.call('UNLINK', state, log)
redis.call('HSET', state, 'epoch', now, 'last', 0, 'replid', replid, 'openedBy', request,
  'expiresAt', expires_at, 'keptUntil', keep_until, unpack(ARGV, 7))
redis.call('PEXPIREAT', state, keep_until)
append('session.opened', payload)
commit(now, history)
return { 'done', replid, now, expires_at }
