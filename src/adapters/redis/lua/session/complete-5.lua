#!lua
-- Publishes what a call brought, or refuses it (L4).
-- KEYS  state, log, channel, answers, answers order
-- ARGV  now, history, object, revision, fence, prompt key, answer, course, problem
--       (an answer has no problem, a problem neither prompt key nor answer nor course)
-- Reply { accepted (1, 0), dirty (1, 0) }
local state, log, channel, answers, answers_order = unpack(KEYS)
local now, history, object_id, revision, fence = unpack(ARGV, 1, 5)
local prompt_key, answer, course, problem = unpack(ARGV, 6, 9)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/objects
-- include session/lib/answers
-- include session/lib/masks

local function publish_failure(object, upto)
  local covers = end_pending(object, upto, 'failed', '', problem)
  set('problem ' .. object.id, problem)
  append('segment.failed', '{' .. answer_members(object, upto, covers) .. ',"problem":' .. problem .. '}')
end

local function flag(holds)
  return holds and 1 or 0
end

local found = find_session('object ' .. object_id, 'ended ' .. object_id, 'pending ' .. object_id,
  'answerBytes')
local object = found and parse_object(object_id, found[5], nil, found[6], found[7])
if not object then return { 0, 0 } end
revision = tonumber(revision)
-- A call ends once: the same completion, sent again after a retry of the object, is refused.
local under_way = object.run_revision > 0 and tonumber(object.run) == tonumber(fence)
if not under_way or revision <= object.done or revision > object.rev then
  return { 0, flag(is_dirty(object)) }
end

if problem == '' then
  remember(object.image .. ' ' .. prompt_key, answer, found[8])
  publish_mask(object, revision, answer, course)
else
  publish_failure(object, revision)
end
save_object(object)
commit(now, history)
return { 1, flag(is_dirty(object)) }
