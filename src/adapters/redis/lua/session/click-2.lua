#!lua flags=allow-oom
-- How a click stands (A17). Its result is the answer that covered it while the log keeps that;
-- afterwards the newest mask of its object, which shows the click too.
-- KEYS  state, log
-- ARGV  click
-- Reply { 'done', body as JSON } | { refusal }
local state, log = unpack(KEYS)
local click_id = ARGV[1]
-- include session/lib/fields
-- include session/lib/objects
-- include session/lib/clicks

-- Of a click in a prompt, in the form of a departed one.
local function present_record(object)
  for _, click in ipairs(clicks_of(object)) do
    if click.id == click_id then
      return {
        object = object.id, image = object.image, revision = click.rev, status = click.status,
        completed_at = click.completed_at, problem = click.problem,
      }
    end
  end
end

-- A click that came after the call under way began still waits for one of its own.
local function status_of(click, object)
  if click.status ~= 'pending' then return click.status end
  return click.revision <= object.run_revision and 'running' or 'queued'
end

local function result_of(click)
  local entry = redis.call('XRANGE', log, click.completed_at, click.completed_at)[1]
  if entry then return entry[2][6] end
  return not click.change and redis.call('HGET', state, 'result ' .. click.object)
end

local found = redis.call('HMGET', state, 'epoch', 'click ' .. click_id, 'departed ' .. click_id)
if not found[1] then return { 'session_not_found' } end
if not found[2] and not found[3] then return { 'click_not_found' } end
local object = found[2] and load_object(found[2])
local click = object and present_record(object) or cmsgpack.unpack(found[3])
local status = status_of(click, object)
local result = status == 'completed' and result_of(click)
return {
  'done',
  '{"clickId":"' .. click_id .. '","objectId":"' .. click.object .. '","imageId":"' .. click.image
    .. '","revision":' .. click.revision .. ',"status":"' .. status .. '"'
    .. (result and ',"result":' .. result or '')
    .. (status == 'failed' and ',"problem":' .. click.problem or '') .. '}',
}
