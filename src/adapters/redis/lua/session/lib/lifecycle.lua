-- What several commands do to an object or a click; none of it can be refused.
-- Needs `state`, `departed`, `tombstones`, log.lua, ids.lua, objects.lua, clicks.lua, changes.lua.

-- Bounds what a session that undoes for ever keeps of clicks that are in no prompt any more.
local MAX_DEPARTED_CLICKS = 5000
-- Bounds the removed objects of which a session knows where their revisions go on.
local MAX_TOMBSTONES = 5000

local function cancel_click(object, click, reason)
  append('click.cancelled', '{"clickId":"' .. click.id .. '","objectId":"' .. object.id
    .. '","reason":"' .. reason .. '"}')
end

-- The click is in no prompt any more; an undo of it is answered with this change.
local function depart_click(object, click, status, revision, position)
  local record = {
    object = object.id, image = object.image, revision = click.rev, status = status,
    position = click.position, completed_at = click.completed_at, problem = click.problem,
    change = change_text(click.id, object.id, object.image, revision, position),
  }
  redis.call('HDEL', state, 'click ' .. click.id)
  set('departed ' .. click.id, cmsgpack.pack(record))
  local count = redis.call('RPUSH', departed, click.id)
  if count == 1 then redis.call('PEXPIREAT', departed, kept_until) end
  if count > MAX_DEPARTED_CLICKS then
    redis.call('HDEL', state, 'departed ' .. redis.call('LPOP', departed))
  end
end

local function leave_tombstone(object)
  redis.call('HSET', state, 'tombstone ' .. object.id, object.rev .. ' ' .. object.run)
  local count = redis.call('RPUSH', tombstones, object.id)
  if count == 1 then redis.call('PEXPIREAT', tombstones, kept_until) end
  if count <= MAX_TOMBSTONES then return end
  local field = 'tombstone ' .. redis.call('LPOP', tombstones)
  local forgotten = tonumber(string.match(redis.call('HGET', state, field), '^%d+'))
  local floor = tonumber(redis.call('HGET', state, 'revisionFloor') or 0)
  redis.call('HDEL', state, field)
  redis.call('HSET', state, 'revisionFloor', math.max(floor, forgotten))
end

-- Cancels what is pending, appends `object.removed`, leaves a tombstone with `done = rev` (L2).
local function bury_object(object)
  local clicks = clicks_of(object)
  for _, click in ipairs(clicks) do
    if click.status == 'pending' then
      cancel_click(object, click, 'object_removed')
      click.status = 'cancelled'
    end
  end
  local position = append('object.removed',
    '{"objectId":"' .. object.id .. '","imageId":"' .. object.image .. '"}')
  for _, click in ipairs(clicks) do
    depart_click(object, click, click.status, object.rev, position)
  end
  local fields = {}
  for n, name in ipairs({
    'object', 'prompt', 'ended', 'pending', 'label', 'color', 'metadata', 'problem', 'result',
  }) do
    fields[n] = name .. ' ' .. object.id
  end
  redis.call('HDEL', state, unpack(fields))
  remove_id('objects', object.id)
  leave_tombstone(object)
end
