-- Objects as the session's hash keeps them. Needs `state`.
-- Payloads are never read here: JSON comes from the gateway as text and leaves as text.

-- Ids in a text, separated by spaces: a list that keeps its order in a field.
local function ids(field)
  local found = {}
  local text = redis.call('HGET', state, field)
  for id in string.gmatch(text or '', '%S+') do found[#found + 1] = id end
  return found
end

local function add_id(field, id)
  local present = ids(field)
  present[#present + 1] = id
  redis.call('HSET', state, field, table.concat(present, ' '))
end

local function remove_id(field, id)
  local rest = {}
  for _, other in ipairs(ids(field)) do
    if other ~= id then rest[#rest + 1] = other end
  end
  redis.call('HSET', state, field, table.concat(rest, ' '))
end

local function load_object(id)
  local packed = redis.call('HGET', state, 'object ' .. id)
  return packed and cmsgpack.unpack(packed)
end

local function save_object(object)
  redis.call('HSET', state, 'object ' .. object.id, cmsgpack.pack(object))
end

local function is_dirty(object)
  return object.rev > object.done
end

-- One bit for replies.
local function flag(holds)
  return holds and 1 or 0
end
