-- How the clicks of an object are ended by an answer, fresh or remembered. Needs `state`, log.lua.

-- Ends the pending clicks up to this revision; which ones, as a JSON array, oldest first (L4).
local function end_pending(object, revision, finish)
  local covers = {}
  for _, click in ipairs(object.clicks) do
    if click.status == 'pending' and click.rev <= revision then
      finish(click)
      covers[#covers + 1] = '"' .. click.id .. '"'
    end
  end
  object.done = revision
  object.runRevision = nil
  return '[' .. table.concat(covers, ',') .. ']'
end

-- What both kinds of answers begin with, as members of a JSON object.
local function answer_members(object, revision, covers)
  return '"objectId":"' .. object.id .. '","imageId":"' .. object.image
    .. '","revision":' .. revision .. ',"covers":' .. covers
end

-- `answer`: mask, bounds, area, score, model; `course`: cached, timings; both as members.
local function publish_mask(object, revision, answer, course)
  local position = epoch .. '-' .. (last + 1)
  local covers = end_pending(object, revision, function(click)
    click.status = 'completed'
    click.completedAt = position
  end)
  local payload = '{' .. answer_members(object, revision, covers) .. ',' .. answer .. ',' .. course .. '}'
  object.problem = nil
  redis.call('HSET', state, 'result ' .. object.id, payload)
  append('segment.completed', payload)
end

local FROM_MEMORY = '"cached":true,"timings":{"queuedMs":0,"serverMs":0,"totalMs":0}'

-- Answers the present prompt without a call; a call under way is abandoned (L4).
local function publish_remembered(object, answer)
  publish_mask(object, object.rev, answer, FROM_MEMORY)
end
