-- Images: one field each, its parts separated by line feeds, which JSON does not contain:
-- width, height, status, companions, facts, body while in preparation, problem. Needs `state`.

local function load_image(id)
  local text = redis.call('HGET', state, 'image ' .. id)
  if not text then return nil end
  local width, height, status, companions, facts, body, problem =
    string.match(text, '^(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n(.*)$')
  return {
    id = id, width = tonumber(width), height = tonumber(height), status = status,
    companions = companions, facts = facts, body = body, problem = problem,
  }
end

local function save_image(image)
  local parts = {
    image.width, image.height, image.status, image.companions, image.facts, image.body, image.problem,
  }
  redis.call('HSET', state, 'image ' .. image.id, table.concat(parts, '\n'))
end

-- The object needs a call, and with it a prepared image: one that failed is prepared anew (A11).
local function renew_preparation(id)
  local image = load_image(id)
  if not image or image.status ~= 'failed' then return end
  image.status = 'preparing'
  image.problem = ''
  save_image(image)
end
