-- How the clicks of an object are ended by an answer, fresh or remembered.
-- Needs `state`, log.lua, objects.lua; `recall` needs `answers`, too.

-- Id, revision, weight with position, and content of a click that no event has ended: it has no answer,
-- no problem.
local PENDING = '^(%S+) (%d+) pending (%d+ %S+) (\t.*)$'

-- Ends the pending clicks up to this revision; which ones, as a JSON array, oldest first (L4).
local function end_pending(object, revision, status, completed_at, problem)
  local covers, ended, rest = {}, {}, {}
  if object.ended ~= '' then ended[1] = object.ended end
  for line in string.gmatch(object.pending, '[^\n]+') do
    local id, rev, weight, content = string.match(line, PENDING)
    if tonumber(rev) <= revision then
      ended[#ended + 1] =
        id .. ' ' .. rev .. ' ' .. status .. ' ' .. weight .. ' ' .. completed_at .. content .. problem
      covers[#covers + 1] = '"' .. id .. '"'
    else
      rest[#rest + 1] = line
    end
  end
  object.ended = table.concat(ended, '\n')
  object.pending = table.concat(rest, '\n')
  set('ended ' .. object.id, object.ended)
  set('pending ' .. object.id, object.pending)
  object.done = revision
  object.run_revision = 0
  return '[' .. table.concat(covers, ',') .. ']'
end

-- What both kinds of answers begin with, as members of a JSON object.
local function answer_members(object, revision, covers)
  return '"objectId":"' .. object.id .. '","imageId":"' .. object.image
    .. '","revision":' .. revision .. ',"covers":' .. covers
end

-- `answer`: mask, bounds, area, score, model; `course`: cached, timings; both as members.
local function publish_mask(object, revision, answer, course)
  local covers = end_pending(object, revision, 'completed', epoch .. '-' .. (last + 1), '')
  local payload = '{' .. answer_members(object, revision, covers) .. ',' .. answer .. ',' .. course .. '}'
  redis.call('HDEL', state, 'problem ' .. object.id)
  set('result ' .. object.id, payload)
  append('segment.completed', payload)
end

local function recall(key)
  return redis.call('HGET', answers, key)
end

local FROM_MEMORY = '"cached":true,"timings":{"queuedMs":0,"serverMs":0,"totalMs":0}'

-- Answers the present prompt without a call; a call under way is abandoned (L4).
local function publish_remembered(object, answer)
  publish_mask(object, object.rev, answer, FROM_MEMORY)
end
