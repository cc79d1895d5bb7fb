#!lua flags=allow-oom
-- An object as callers see it (A16).
-- KEYS  state
-- ARGV  object
-- Reply { 'done', body as JSON } | { refusal }
local state = KEYS[1]
local object_id = ARGV[1]
-- include session/lib/fields
-- include session/lib/objects
-- include session/lib/clicks
-- include session/lib/views

if redis.call('HEXISTS', state, 'epoch') == 0 then return { 'session_not_found' } end
local object = load_object(object_id)
if not object then return { 'object_not_found' } end
return { 'done', object_body(object) }
