#!lua
-- Takes a click out of its object's prompt (L2, A15). One that left it before appends nothing: the
-- first undo's answer again, or where its object ended.
-- KEYS  state, log, channel, answers, answers order, departed, tombstones
-- ARGV  now, history, click
-- Reply { 'done', change, dirty (1, 0), replayed (1, 0) } | { refusal, more … }
local state, log, channel, answers, answers_order, departed, tombstones = unpack(KEYS)
local now, history, click_id = unpack(ARGV)
local requests, requests_order
-- include session/lib/log
-- include session/lib/objects
-- include session/lib/images
-- include session/lib/prompt
-- include session/lib/answers
-- include session/lib/lifecycle
-- include session/lib/masks
-- include session/lib/requests

if not find_session() then return { 'session_not_found' } end
local packed = redis.call('HGET', state, 'click ' .. click_id)
if not packed then return { 'click_not_found' } end
local record = cmsgpack.unpack(packed)
if record.departure then return replayed(record.departure) end

local object = load_object(record.object)
local undone
local rest = {}
for _, click in ipairs(object.clicks) do
  if click.id == click_id then undone = click else rest[#rest + 1] = click end
end
local was_pending = undone.status == 'pending'
object.clicks = rest
object.rev = object.rev + 1
object.changedAt = now
undone.status = 'undone'
local revision = object.rev
local position = append('click.undone', '{"clickId":"' .. click_id .. '","objectId":"' .. object.id
  .. '","revision":' .. revision .. '}')
if was_pending then cancel_click(object, undone, 'undone') end
depart_click(object, undone, revision, position)

-- What is left: nothing, a prompt answered before, or one that needs a call.
if #rest == 0 then
  bury_object(object)
  object.done = revision
else
  local remembered = recall(answer_key(object.image, rest))
  if remembered then publish_remembered(object, remembered) else renew_preparation(object.image) end
  save_object(object)
end
commit(now, history)
return { 'done', change_text(click_id, object, revision, position), flag(is_dirty(object)), 0 }
