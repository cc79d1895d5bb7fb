-- Objects as the session's hash keeps them: texts, since packing tables costs more than all the rest.
-- Payloads are never read here: JSON comes from the gateway as text and leaves as text.
-- `object`   image, rev, done, run, revision of the call under way (0: none), weight, changed at,
--            traceparent; separated by spaces
-- `prompt`   the fold of the clicks: see prompt.lua
-- `clicks`   one line each: see below
-- `label`, `color`, `metadata`, `problem`, `result`: JSON, if there are any
-- Needs `state` and fields.lua.

local function load_object(id)
  local found = redis.call('HMGET', state, 'object ' .. id, 'prompt ' .. id, 'clicks ' .. id)
  if not found[1] then return nil end
  local image, rev, done, run, run_revision, weight, changed_at, traceparent =
    string.match(found[1], '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%S+) (.*)$')
  return {
    id = id, image = image, rev = tonumber(rev), done = tonumber(done), run = run,
    run_revision = tonumber(run_revision), weight = tonumber(weight), changed_at = changed_at,
    traceparent = traceparent, prompt = found[2], clicks = found[3],
  }
end

local function save_object(object)
  set('object ' .. object.id, table.concat({
    object.image, object.rev, object.done, object.run, object.run_revision, object.weight,
    object.changed_at, object.traceparent,
  }, ' '))
end

local function save_clicks(object)
  set('prompt ' .. object.id, object.prompt)
  set('clicks ' .. object.id, object.clicks)
end

local function is_dirty(object)
  return object.rev > object.done
end

-- How many of the session's objects wait for a mask.
local function in_flight()
  local count = 0
  for _, id in ipairs(ids('objects')) do
    local rev, done = string.match(redis.call('HGET', state, 'object ' .. id), '^%S+ (%d+) (%d+)')
    if tonumber(rev) > tonumber(done) then count = count + 1 end
  end
  return count
end

-- Id, revision, status, weight, position of the answer; points, their key, box, its key, client ref,
-- problem. Neither ids nor JSON have tabs or line feeds.
local CLICK = '^(%S+) (%d+) (%a+) (%d+) (%S*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$'

local function format_click(click)
  return click.id .. ' ' .. click.rev .. ' ' .. click.status .. ' ' .. click.weight .. ' '
    .. click.completed_at .. '\t' .. click.points .. '\t' .. click.points_key .. '\t' .. click.box .. '\t'
    .. click.box_key .. '\t' .. click.client_ref .. '\t' .. click.problem
end

local function parse_click(line)
  local id, rev, status, weight, completed_at, points, points_key, box, box_key, client_ref, problem =
    string.match(line, CLICK)
  return {
    id = id, rev = tonumber(rev), status = status, weight = tonumber(weight),
    completed_at = completed_at, points = points, points_key = points_key, box = box,
    box_key = box_key, client_ref = client_ref, problem = problem,
  }
end

-- All of the object's clicks, oldest first.
local function clicks_of(object)
  local clicks = {}
  for line in string.gmatch(object.clicks, '[^\n]+') do clicks[#clicks + 1] = parse_click(line) end
  return clicks
end
