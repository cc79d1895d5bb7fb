-- Ids in a text, separated by spaces: a list that keeps its order in a field. Needs `state`.

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
