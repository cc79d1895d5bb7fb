#!lua flags=allow-oom
-- A server does not have that embedding any more. Nothing is forgotten when it has another one by now.
--
-- KEYS  1 content, see join-1.lua
-- ARGV  1 server, 2 fence under which the embedding was made, 3 life of the key in ms
-- Result  the state, '' when the content is being prepared, nil when nobody holds it

local content = KEYS[1]
local server, fence, life_ms = unpack(ARGV)

if redis.call('PEXPIRE', content, life_ms) == 0 then return nil end
local state = redis.call('HGET', content, 'state')
if not state then return '' end
local known = cjson.decode(state)
local lost = known.embeddings and known.embeddings[server]
if not lost or lost.fence ~= fence then return state end
known.embeddings[server] = nil
state = cjson.encode(known)
redis.call('HSET', content, 'state', state)
return state
