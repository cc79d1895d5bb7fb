#!lua flags=allow-oom
-- Records how the preparation ended; nothing of content that everybody has left, since nobody would
-- ever forget it. To what is ready embeddings of more servers are added.
--
-- KEYS  1 content, see join-1.lua
-- ARGV  1 the state, JSON, 2 life of the key in ms
-- Result  the sessions that hold the content

local content = KEYS[1]
local state, life_ms = unpack(ARGV)

if redis.call('PEXPIRE', content, life_ms) == 0 then return {} end
-- Texts and objects only: what is decoded is encoded as it was.
local function with_embeddings_of(known)
  local before, after = cjson.decode(known), cjson.decode(state)
  if before.state ~= 'ready' or after.state ~= 'ready' or not before.embeddings then return state end
  for server, embedding in pairs(after.embeddings or {}) do before.embeddings[server] = embedding end
  return cjson.encode(before)
end

local known = redis.call('HGET', content, 'state')
redis.call('HSET', content, 'state', known and with_embeddings_of(known) or state)
local holders = {}
for _, field in ipairs(redis.call('HKEYS', content)) do
  local session = string.match(field, '^holder:(.*)$')
  if session then table.insert(holders, session) end
end
return holders
