#!lua
-- Takes a click, or gives its first answer again (L1). Everything is checked before anything is changed.
-- KEYS  state, log, channel, requests, requests order, answers, answers order, tombstones
-- ARGV  now, history, request, key, fingerprint, overloaded ('1' or ''), most objects, most points,
--       click, image, object, traceparent, points, box, client ref, points key, box key, weight,
--       least coordinate, right and bottom of the points, right and bottom of the box, flat ('1'),
--       most objects in flight ('' when there can be no more)
--       ('' for what there is none of)
-- Reply { 'done', replication id, change, replayed (1, 0), image and facts of a dirty object } | { refusal, more … }
local state, log, channel, requests, requests_order = unpack(KEYS, 1, 5)
local answers, answers_order, tombstones = unpack(KEYS, 6, 8)
local departed
local now, history, request, key, fingerprint, overloaded, most_objects, most_points = unpack(ARGV, 1, 8)
local click_id, image_id, object_id, traceparent = unpack(ARGV, 9, 12)
local points, box, client_ref, points_key, box_key, weight = unpack(ARGV, 13, 18)
local least, point_right, point_bottom, box_right, box_bottom, flat = unpack(ARGV, 19, 24)
local most_in_flight = ARGV[25]
-- include session/lib/fields
-- include session/lib/log
-- include session/lib/objects
-- include session/lib/images
-- include session/lib/views
-- include session/lib/prompt
-- include session/lib/answers
-- include session/lib/lifecycle
-- include session/lib/masks
-- include session/lib/requests

if not find_session() then return { 'session_not_found' } end
local earlier, reused = earlier_change(request, key, fingerprint)
if reused then return { 'idempotency_key_reused' } end
if earlier then return replayed(earlier) end

local image = load_image(image_id)
if not image then return { 'image_not_found' } end
local outside = tonumber(least) < 0 or flat == '1'
  or tonumber(point_right) >= image.width or tonumber(point_bottom) >= image.height
  or tonumber(box_right) > image.width or tonumber(box_bottom) > image.height
if outside then return { 'out_of_bounds', image.width, image.height } end

local present = load_object(object_id)
if present and present.image ~= image_id then return { 'conflict' } end
if not present and #ids('objects') >= tonumber(most_objects) then
  return { 'limit_reached', 'maxObjects' }
end
local click = {
  id = click_id, status = 'pending', weight = tonumber(weight), completed_at = '', points = points,
  points_key = points_key, box = box, box_key = box_key, client_ref = client_ref, problem = '',
}
local sum = click.weight + (present and present.weight or 0)
if sum > tonumber(most_points) then return { 'limit_reached', 'maxPointsPerObject' } end
local prompt = extend_prompt(present and present.prompt or EMPTY_PROMPT, click)
local remembered = recall(answer_key(image_id, prompt))
if not remembered and not (present and is_dirty(present)) then
  if most_in_flight ~= '' and in_flight() >= tonumber(most_in_flight) then return { 'rate_limited' } end
  if overloaded ~= '' then return { 'overloaded' } end
end

local object = present or create_object(object_id, image_id)
object.rev = object.rev + 1
object.weight = sum
object.changed_at = now
object.traceparent = traceparent
click.rev = object.rev
object.prompt = prompt
object.clicks = joined(object.clicks, format_click(click), '\n')
set('click ' .. click_id, object_id)
local position = append('click.accepted', '{"clickId":"' .. click_id .. '","objectId":"' .. object_id
  .. '","imageId":"' .. image_id .. '","revision":' .. object.rev .. ',' .. click_members(click) .. '}')
if remembered then publish_remembered(object, remembered) else renew_preparation(image) end
save_object(object)
save_clicks(object)
local change = change_text(click_id, object, object.rev, position)
remember_request(request, key, fingerprint, change)
commit(now, history)
return changed(change, 0, object)
