#!lua flags=allow-oom
-- Puts the expiry of a session off (A8). Its keys live longer, so that it is closed, not just gone;
-- theirs is put off only when little of that is left.
-- KEYS  state, log, channel, keys of callers, answers, answers order, departed, tombstones
-- ARGV  expires at, keys must be kept until, keys are kept until when renewed
-- Reply 0 when the session is gone, 1 when it was touched, 2 when its keys were renewed, too
local state = KEYS[1]
local expires_at, keep_at_least, keep_until = unpack(ARGV)

local kept_until = redis.call('HGET', state, 'keptUntil')
if not kept_until then return 0 end
redis.call('HSET', state, 'expiresAt', expires_at)
if tonumber(kept_until) >= tonumber(keep_at_least) then return 1 end
redis.call('HSET', state, 'keptUntil', keep_until)
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, keep_until) end
return 2
