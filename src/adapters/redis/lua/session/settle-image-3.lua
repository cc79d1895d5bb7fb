#!lua
-- Ends the preparation of an image; nothing to do for one that was removed or has been settled (A11).
-- KEYS  state, log, channel
-- ARGV  now, history, image, problem or ''
-- Reply nothing
local state, log, channel = unpack(KEYS)
local now, history, image_id, problem = unpack(ARGV)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/images

local PREPARING = '"status":"preparing"'

-- The body of A9, made of that of an image in preparation. A quote inside of a JSON text has a
-- backslash before it, so that the status is found where it is, and nowhere else.
local function settled_body(image)
  local body = redis.call('HGET', state, 'body ' .. image.id)
  local from, to = string.find(body, PREPARING, 1, true)
  local rest = string.sub(body, to + 1, -2)
  return string.sub(body, 1, from - 1) .. '"status":"' .. image.status .. '"' .. rest
    .. (problem == '' and '' or ',"problem":' .. problem) .. '}'
end

if not find_session() then return nil end
local image = load_image(image_id)
if not image or image.status ~= 'preparing' then return nil end
image.status = problem == '' and 'ready' or 'failed'
image.problem = problem
save_image(image)
append('image.' .. image.status, settled_body(image))
commit(now, history)
return nil
