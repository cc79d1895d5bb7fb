-- The clicks of an object's prompt: one line each, oldest first; those that an answer has ended, and then
-- those that wait for one, in a field of their own, so that what is read and written stays short.
-- Id, revision, status, weight, position of its event, position of the answer; points, their key, box,
-- its key, client ref, problem. Neither ids nor JSON have tabs or line feeds.

local CLICK =
  '^(%S+) (%d+) (%a+) (%d+) (%S+) (%S*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$'

local function parse_click(line)
  local id, rev, status, weight, position, completed_at, points, points_key, box, box_key, client_ref,
    problem = string.match(line, CLICK)
  return {
    id = id, rev = tonumber(rev), status = status, weight = tonumber(weight), position = position,
    completed_at = completed_at, points = points, points_key = points_key, box = box,
    box_key = box_key, client_ref = client_ref, problem = problem,
  }
end

-- A new one, that no event has ended.
local function pending_click(id, rev, position, click)
  return id .. ' ' .. rev .. ' pending ' .. click.weight .. ' ' .. position .. ' \t' .. click.points
    .. '\t' .. click.points_key .. '\t' .. click.box .. '\t' .. click.box_key .. '\t'
    .. click.client_ref .. '\t'
end

local function clicks_of(object)
  local clicks = {}
  for line in string.gmatch(object.ended .. '\n' .. object.pending, '[^\n]+') do
    clicks[#clicks + 1] = parse_click(line)
  end
  return clicks
end

-- What a click adds, as members of a JSON object.
local function click_members(click)
  return '"points":[' .. click.points .. ']'
    .. (click.box == '' and '' or ',"box":' .. click.box)
    .. (click.client_ref == '' and '' or ',"clientRef":' .. click.client_ref)
end
