-- What callers see of objects and clicks, as JSON. Needs `state` and objects.lua.

-- What a click adds, as members of a JSON object.
local function click_members(click)
  return '"points":[' .. click.points .. ']'
    .. (click.box == '' and '' or ',"box":' .. click.box)
    .. (click.clientRef == '' and '' or ',"clientRef":' .. click.clientRef)
end

-- What PATCH can change, as members that follow others.
local function look_members(object)
  return (object.label and ',"label":' .. object.label or '')
    .. (object.color and ',"color":' .. object.color or '')
    .. (object.metadata and ',"metadata":' .. object.metadata or '')
end

local function object_status(object)
  if is_dirty(object) then return object.runRevision and 'running' or 'queued' end
  return object.problem and 'failed' or 'ready'
end

-- A7, one entry of `objects`.
local function object_body(object)
  local clicks = {}
  for n, click in ipairs(object.clicks) do
    clicks[n] = '{"clickId":"' .. click.id .. '",' .. click_members(click)
      .. ',"pending":' .. tostring(click.status == 'pending') .. '}'
  end
  local status = object_status(object)
  local result = redis.call('HGET', state, 'result ' .. object.id)
  return '{"objectId":"' .. object.id .. '","imageId":"' .. object.image
    .. '","revision":' .. object.rev .. look_members(object)
    .. ',"status":"' .. status .. '","clicks":[' .. table.concat(clicks, ',') .. ']'
    .. (result and ',"result":' .. result or '')
    .. (status == 'failed' and ',"problem":' .. object.problem or '') .. '}'
end
