#!lua flags=allow-oom
-- The session as it is, and the position that it stands for (A7, L11).
-- KEYS  state, log
-- Reply { epoch, last, expires at, facts, { field, facts of each image … }, { body of each object … } }
--       | nothing
local state, log = unpack(KEYS)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/ids
-- include session/lib/objects
-- include session/lib/images
-- include session/lib/clicks
-- include session/lib/views

if not find_session() then return nil end
local facts = redis.call('HMGET', state, 'expiresAt', 'facts')
local images, objects = {}, {}
for _, id in ipairs(ids('images')) do
  images[#images + 1] = redis.call('HGET', state, 'image ' .. id)
  images[#images + 1] = facts_of(id)
end
for n, id in ipairs(ids('objects')) do objects[n] = object_body(load_object(id)) end
return { tonumber(epoch), last, facts[1], facts[2], images, objects }
