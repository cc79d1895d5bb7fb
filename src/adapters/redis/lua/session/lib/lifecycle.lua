-- What several commands do to an object or a click; none of it can be refused.
-- Needs `state`, `departed`, `tombstones`, log.lua, objects.lua, prompt.lua.

-- Bounds what a session that undoes for ever keeps of clicks that are in no prompt any more.
local MAX_DEPARTED_CLICKS = 5000
-- Bounds the removed objects of which a session knows where their revisions go on.
local MAX_TOMBSTONES = 5000

-- The first answer to a change, as it is kept: what `Changed` says, but for what changes later.
local function change_text(click, object, revision, position)
  return click .. ' ' .. object.id .. ' ' .. object.image .. ' ' .. revision .. ' ' .. position
end

-- An object that has no click yet; the revisions of a namesake go on (L2).
local function create_object(id, image)
  local found = redis.call('HMGET', state, 'tombstone ' .. id, 'revisionFloor')
  local rev, run = found[2] or 0, '0'
  if found[1] then
    rev, run = string.match(found[1], '^(%d+) (%d+)$')
    redis.call('HDEL', state, 'tombstone ' .. id)
    redis.call('LREM', tombstones, 1, id)
  end
  rev = tonumber(rev)
  add_id('objects', id)
  return {
    id = id, image = image, rev = rev, done = rev, run = run, run_revision = 0, weight = 0,
    prompt = EMPTY_PROMPT, clicks = '',
  }
end

local function cancel_click(object, click, reason)
  append('click.cancelled', '{"clickId":"' .. click.id .. '","objectId":"' .. object.id
    .. '","reason":"' .. reason .. '"}')
end

-- The click is in no prompt any more; an undo of it is answered with this change.
local function depart_click(object, click, status, revision, position)
  local record = {
    object = object.id, image = object.image, revision = click.rev, status = status,
    completed_at = click.completed_at, problem = click.problem,
    change = change_text(click.id, object, revision, position),
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
    'object', 'prompt', 'clicks', 'label', 'color', 'metadata', 'problem', 'result',
  }) do
    fields[n] = name .. ' ' .. object.id
  end
  redis.call('HDEL', state, unpack(fields))
  remove_id('objects', object.id)
  leave_tombstone(object)
end
