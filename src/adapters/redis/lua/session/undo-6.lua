#!lua
-- Takes a click out of its object's prompt (L2, A15). One that left it before appends nothing: the
-- first undo's answer again, or where its object ended.
-- KEYS  state, log, channel, answers, departed, tombstones
-- ARGV  now, history, click
-- Reply { 'done', replication id, change, replayed (1, 0), image and facts of a dirty object } | { refusal, more … }
local state, log, channel, answers, departed, tombstones = unpack(KEYS)
local now, history, click_id = unpack(ARGV)
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/ids
-- include session/lib/objects
-- include session/lib/clicks
-- include session/lib/images
-- include session/lib/prompt
-- include session/lib/changes
-- include session/lib/lifecycle
-- include session/lib/masks

if not find_session() then return { 'session_not_found' } end
local found = redis.call('HMGET', state, 'click ' .. click_id, 'departed ' .. click_id)
if found[2] then return replayed(cmsgpack.unpack(found[2]).change) end
if not found[1] then return { 'click_not_found' } end

local object = load_object(found[1])
local undone
local prompt = EMPTY_PROMPT
for _, part in ipairs({ 'ended', 'pending' }) do
  local lines = {}
  for line in string.gmatch(object[part], '[^\n]+') do
    local click = parse_click(line)
    if click.id == click_id then
      undone = click
    else
      lines[#lines + 1] = line
      prompt = extend_prompt(prompt, click)
    end
  end
  object[part] = table.concat(lines, '\n')
end
object.prompt = prompt
object.weight = object.weight - undone.weight
object.rev = object.rev + 1
object.changed_at = now
local revision = object.rev
local position = append('click.undone', '{"clickId":"' .. click_id .. '","objectId":"' .. object.id
  .. '","revision":' .. revision .. '}')
if undone.status == 'pending' then cancel_click(object, undone, 'undone') end
depart_click(object, undone, 'undone', revision, position)

-- What is left: nothing, a prompt answered before, or one that needs a call.
if object.ended .. object.pending == '' then
  bury_object(object)
  object.done = revision
else
  local remembered = recall(answer_key(object.image, prompt))
  set('ended ' .. object.id, object.ended)
  set('pending ' .. object.id, object.pending)
  set('prompt ' .. object.id, prompt)
  if remembered then
    publish_remembered(object, remembered)
  else
    renew_preparation(load_image(object.image))
  end
  save_object(object)
end
commit(now, history)
return changed(change_text(click_id, object.id, object.image, revision, position), 0, object)
