-- What this script writes to the session's hash. Needs `state`.

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
