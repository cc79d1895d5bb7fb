-- The session's hash, and what this script writes to it. Needs `state`.

local writes = {}

-- Written by `flush`, with everything else in one go: not read back before.
local function set(field, value)
  writes[#writes + 1] = field
  writes[#writes + 1] = value
end

-- Fewer than Lua takes as arguments of one call; even, since a field goes with its value.
local MOST_AT_ONCE = 2000

local function flush()
  for from = 1, #writes, MOST_AT_ONCE do
    local to = math.min(from + MOST_AT_ONCE - 1, #writes)
    redis.call('HSET', state, unpack(writes, from, to))
  end
  writes = {}
end

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

-- One bit for replies.
local function flag(holds)
  return holds and 1 or 0
end
