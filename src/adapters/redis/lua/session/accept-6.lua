#!lua
-- Takes clicks one after the other, or gives their first answers again (L1). Everything about a click is
-- checked before anything is changed for it; one that is refused takes nothing from the others.
-- KEYS  state, log, channel, keys of callers, answers, tombstones
-- ARGV  now, history, most objects, most points, most objects in flight ('' when there can be no more),
--       and for each click: id, image, object, key, fingerprint, overloaded ('1' or ''), traceparent,
--       points, box, client ref, points key, box key, weight, least coordinate (below 0 for a flat box,
--       too), right and bottom of the points, right and bottom of the box ('' for what there is none of)
-- Reply for each click { 'done', replication id, change, replayed (1, 0), image and facts of a dirty
--       object } | { refusal, more … }
local state, log, channel, keys, answers, tombstones = unpack(KEYS)
local now, history, most_objects, most_points, most_in_flight = unpack(ARGV, 1, 5)
local OF_ALL, OF_EACH = 5, 18
-- Of the click that is being looked at.
local click_id, image_id, object_id, key, fingerprint, overloaded, traceparent, points, box, client_ref,
  points_key, box_key, weight, least, point_right, point_bottom, box_right, box_bottom
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/objects
-- include session/lib/clicks
-- include session/lib/images
-- include session/lib/prompt
-- include session/lib/masks
-- include session/lib/changes

-- Bounds the callers' keys that a session remembers (A4).
local MAX_KEYS = 10000

-- What another request with this key was answered; the second result is true when it asked for
-- something else.
local function keyed_change(text)
  local change, known = string.match(text, '^(.-)\n(.*)$')
  return change, known ~= fingerprint
end

-- What this click was answered before: it is in a prompt of this object, or was in one.
local function earlier_change(owner, departed)
  if departed then
    local click = cmsgpack.unpack(departed)
    return change_text(click_id, click.object, click.image, click.revision, click.position)
  end
  local object = load_object(owner)
  for _, click in ipairs(clicks_of(object)) do
    if click.id == click_id then
      return change_text(click_id, object.id, object.image, click.rev, click.position)
    end
  end
end

local function remember_key(change)
  set('key ' .. key, change .. '\n' .. fingerprint)
  local count = redis.call('RPUSH', keys, key)
  if count == 1 then redis.call('PEXPIREAT', keys, kept_until) end
  if count > MAX_KEYS then redis.call('HDEL', state, 'key ' .. redis.call('LPOP', keys)) end
end

-- How many of these objects wait for a mask.
local function in_flight(ids)
  local count = 0
  for id in string.gmatch(ids, '%S+') do
    local rev, done = string.match(redis.call('HGET', state, 'object ' .. id), '^%S+ (%d+) (%d+)')
    if tonumber(rev) > tonumber(done) then count = count + 1 end
  end
  return count
end

-- An object that has no click yet; the revisions of a namesake go on (L2).
local function create_object(ids, tombstone, floor)
  local rev, run = floor or 0, '0'
  if tombstone then
    rev, run = string.match(tombstone, '^(%d+) (%d+)$')
    redis.call('HDEL', state, 'tombstone ' .. object_id)
    redis.call('LREM', tombstones, 1, object_id)
  end
  rev = tonumber(rev)
  set('objects', joined(ids, object_id, ' '))
  return {
    id = object_id, image = image_id, rev = rev, done = rev, run = run, run_revision = 0, weight = 0,
    prompt = EMPTY_PROMPT, ended = '', pending = '',
  }
end

-- What the click before was taken for, `{ object, image, facts }`, if it needs a call. Clicks of a burst
-- are on one object: it is read and written once.
local open

local function write_open()
  if open then
    set('pending ' .. open.object.id, open.object.pending)
    set('prompt ' .. open.object.id, open.object.prompt)
    save_object(open.object)
  end
  open = nil
end

local function is_on_open()
  if not open or key ~= '' or open.object.id ~= object_id or open.image.id ~= image_id then return false end
  local known = redis.call('HMGET', state, 'click ' .. click_id, 'departed ' .. click_id)
  return not known[1] and not known[2] and not open.clicks[click_id]
end

-- Object, if there is one, image and facts; what a new object is made with; or nil and the reply.
local function look_up()
  write_open()
  flush()
  local found = (epoch and find_again or find_session)(
    'key ' .. key, 'click ' .. click_id, 'departed ' .. click_id, 'image ' .. image_id,
    'facts ' .. image_id, 'object ' .. object_id, 'prompt ' .. object_id, 'pending ' .. object_id,
    'objects', 'tombstone ' .. object_id, 'revisionFloor')
  if not found then return nil, { 'session_not_found' } end
  local keyed, owner, departed = unpack(found, 5, 7)
  if keyed then
    local change, reused = keyed_change(keyed)
    if reused then return nil, { 'idempotency_key_reused' } end
    return nil, replayed(change)
  end
  if owner or departed then return nil, replayed(earlier_change(owner, departed)) end
  local image = parse_image(image_id, found[8])
  if not image then return nil, { 'image_not_found' } end
  return {
    object = parse_object(object_id, found[10], found[11], nil, found[12]), image = image,
    facts = found[9], objects = found[13] or '', tombstone = found[14], floor = found[15], clicks = {},
  }
end

local function is_outside(image)
  return tonumber(least) < 0
    or tonumber(point_right) >= image.width or tonumber(point_bottom) >= image.height
    or tonumber(box_right) > image.width or tonumber(box_bottom) > image.height
end

local function take()
  local on, refusal = open, nil
  if not is_on_open() then on, refusal = look_up() end
  if refusal then return refusal end
  local image, object = on.image, on.object
  if is_outside(image) then return { 'out_of_bounds', image.width, image.height } end
  if object and object.image ~= image_id then return { 'conflict' } end
  if not object and select(2, string.gsub(on.objects, '%S+', '')) >= tonumber(most_objects) then
    return { 'limit_reached', 'maxObjects' }
  end
  local click = {
    weight = tonumber(weight), points = points, points_key = points_key, box = box, box_key = box_key,
    client_ref = client_ref,
  }
  local sum = click.weight + (object and object.weight or 0)
  if sum > tonumber(most_points) then return { 'limit_reached', 'maxPointsPerObject' } end
  local prompt = extend_prompt(object and object.prompt or EMPTY_PROMPT, click)
  local remembered = recall(answer_key(image_id, prompt))
  if not remembered and not (object and is_dirty(object)) then
    if most_in_flight ~= '' and in_flight(on.objects) >= tonumber(most_in_flight) then
      return { 'rate_limited' }
    end
    if overloaded ~= '' then return { 'overloaded' } end
  end

  object = object or create_object(on.objects, on.tombstone, on.floor)
  object.rev = object.rev + 1
  object.weight = sum
  object.changed_at = now
  object.traceparent = traceparent
  object.prompt = prompt
  local revision = tostring(object.rev)
  set('click ' .. click_id, object_id)
  local position = append('click.accepted', '{"clickId":"' .. click_id .. '","objectId":"' .. object_id
    .. '","imageId":"' .. image_id .. '","revision":' .. revision .. ',' .. click_members(click) .. '}')
  object.pending = joined(object.pending, pending_click(click_id, revision, position, click), '\n')
  local change = change_text(click_id, object_id, image_id, revision, position)
  if key ~= '' then remember_key(change) end
  on.object = object
  on.clicks[click_id] = true
  open = on
  if remembered then
    object.ended = redis.call('HGET', state, 'ended ' .. object_id) or ''
    publish_remembered(object, remembered)
    write_open()
    return { 'done', replid, change, 0 }
  end
  renew_preparation(image)
  return { 'done', replid, change, 0, image.text, on.facts }
end

local replies = {}
for from = OF_ALL + 1, #ARGV, OF_EACH do
  click_id, image_id, object_id, key, fingerprint, overloaded, traceparent, points, box, client_ref,
    points_key, box_key, weight, least, point_right, point_bottom, box_right, box_bottom =
    unpack(ARGV, from, from + OF_EACH - 1)
  replies[#replies + 1] = take()
end
write_open()
commit(now, history)
return replies
