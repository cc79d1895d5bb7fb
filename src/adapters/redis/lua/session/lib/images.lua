-- Images: `facts` and `body` (that of an image in preparation) as JSON, which do not change, and
-- `image`: width, height, status; a line of companions; the problem. Needs `state` and fields.lua.

-- The image of that text of its field, nil when there is none.
local function parse_image(id, text)
  if not text then return nil end
  local width, height, status, companions, problem =
    string.match(text, '^(%S+) (%S+) (%a+)\n([^\n]*)\n(.*)$')
  return {
    id = id, text = text, width = tonumber(width), height = tonumber(height), status = status,
    companions = companions, problem = problem,
  }
end

local function load_image(id)
  return parse_image(id, redis.call('HGET', state, 'image ' .. id))
end

local function save_image(image)
  image.text = image.width .. ' ' .. image.height .. ' ' .. image.status .. '\n'
    .. image.companions .. '\n' .. image.problem
  set('image ' .. image.id, image.text)
end

local function facts_of(id)
  return redis.call('HGET', state, 'facts ' .. id)
end

-- The object needs a call, and with it a prepared image: one that failed is prepared anew (A11).
local function renew_preparation(image)
  if not image or image.status ~= 'failed' then return end
  image.status = 'preparing'
  image.problem = ''
  save_image(image)
end
