-- Objects as the session's hash keeps them: texts, since packing tables costs more than all the rest.
-- Payloads are never read here: JSON comes from the gateway as text and leaves as text.
-- `object`   image, rev, done, run, revision of the call under way (0: none), weight, changed at,
--            traceparent; separated by spaces
-- `prompt`   the fold of the clicks: see prompt.lua
-- `ended`, `pending`   its clicks, one line each: see clicks.lua
-- `label`, `color`, `metadata`, `problem`, `result`: JSON, if there are any
-- Needs `state` and fields.lua.

-- The object of these texts of its fields, nil when there is none.
local function parse_object(id, facts, prompt, ended, pending)
  if not facts then return nil end
  local image, rev, done, run, run_revision, weight, changed_at, traceparent =
    string.match(facts, '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%S+) (.*)$')
  return {
    id = id, image = image, rev = tonumber(rev), done = tonumber(done), run = run,
    run_revision = tonumber(run_revision), weight = weight, changed_at = changed_at,
    traceparent = traceparent, prompt = prompt, ended = ended or '',
    pending = pending or '',
  }
end

local function load_object(id)
  return parse_object(id, unpack(redis.call(
    'HMGET', state, 'object ' .. id, 'prompt ' .. id, 'ended ' .. id, 'pending ' .. id)))
end

local function save_object(object)
  set('object ' .. object.id, table.concat({
    object.image, object.rev, object.done, object.run, object.run_revision, object.weight,
    object.changed_at, object.traceparent,
  }, ' '))
end

local function is_dirty(object)
  return object.rev > object.done
end
