-- What callers see of objects and clicks, as JSON. Needs `state`, objects.lua, clicks.lua.

-- What PATCH can change, as members that follow others; and the problem and the result.
local function looks_of(object)
  local id = object.id
  local found = redis.call('HMGET', state,
    'label ' .. id, 'color ' .. id, 'metadata ' .. id, 'problem ' .. id, 'result ' .. id)
  local members = (found[1] and ',"label":' .. found[1] or '')
    .. (found[2] and ',"color":' .. found[2] or '') .. (found[3] and ',"metadata":' .. found[3] or '')
  return members, found[4], found[5]
end

local function object_status(object, problem)
  if is_dirty(object) then return object.run_revision > 0 and 'running' or 'queued' end
  return problem and 'failed' or 'ready'
end

-- A7, one entry of `objects`.
local function object_body(object)
  local clicks = {}
  for n, click in ipairs(clicks_of(object)) do
    clicks[n] = '{"clickId":"' .. click.id .. '",' .. click_members(click)
      .. ',"pending":' .. tostring(click.status == 'pending') .. '}'
  end
  local looks, problem, result = looks_of(object)
  local status = object_status(object, problem)
  return '{"objectId":"' .. object.id .. '","imageId":"' .. object.image
    .. '","revision":' .. object.rev .. looks
    .. ',"status":"' .. status .. '","clicks":[' .. table.concat(clicks, ',') .. ']'
    .. (result and ',"result":' .. result or '')
    .. (status == 'failed' and ',"problem":' .. problem or '') .. '}'
end
