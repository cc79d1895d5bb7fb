#!lua flags=allow-oom
-- Ends exactly this lease; nothing when it is gone (L5). Judges the server by the call that was made.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 key, 2 fence of the lease, 3 '1' when the object changed meanwhile, 4 ms from now before
--       which the attempt is not to be repeated, or '' when it is not to be, 5 time in ms or '' for
--       the server's, 6 life of the pool in ms or '', 7 channel of the doorbell, 8 kind of the call:
--       encode | segment, or '' when none was made, 9 its result: ok | overloaded | timeout | failed |
--       unreachable, 10 its duration in ms or '', 11 ms until nobody wants the result of what is offered
--       again, or '', 12 '1' when that is because what it needs is made anew, 13 who rings the doorbell
-- Result  ended | gone | kept: it may not be repeated, and its lease goes on

-- include pool/lib
-- include pool/burst
-- include pool/burst-ends

local key, fence, dirty, retry_in_ms, given_time, life_ms, bell, call_kind, result, duration,
  deadline_in_ms, healing, ringer = unpack(ARGV)

local slot = read(key)
if slot == nil or not is_leased(slot) or whole(slot.fence) ~= fence then return 'gone' end
local now = time_in_ms(given_time)
local server = read_server(slot.server)
-- A probe is not made for the sake of the item, and who was not there has not failed it: it costs the
-- item nothing.
local is_probe = server.probe == slot.fence
local is_free = is_probe or result == 'unreachable'

local function other_calls_since()
  local since = {}
  for _, other_key in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
    local other = other_key ~= key and read(other_key)
    local is_such = other and other.server == slot.server and call_of(other) == call_kind
    if is_such and not other.overdue then
      since[#since + 1] = other.since
    end
  end
  return since
end

local function judge_server()
  if slot.judged then return end
  slot.judged = true
  if call_kind == '' then
    if not is_probe then return end
    without_call(server, slot.fence)
  else
    if slot.attempts == 0 then earn_retries(server.name) end
    local in_flight = count_claims(server.name)[server.name] or 0
    end_call(server, slot.fence, {
      kind = call_kind, result = result, duration = tonumber(duration), started_at = slot.since,
      now = now, in_flight = in_flight, alone = slot.alone and in_flight == 1,
      others_since = other_calls_since,
    })
  end
  write_server(server)
end

local function may_repeat(at) return not is_too_late(server, slot, at) and spend_retry(server.name, now) end

judge_server()
local retry_at = retry_in_ms ~= '' and now + tonumber(retry_in_ms) or nil
if retry_at and not is_free and not may_repeat(retry_at) then
  write(key, slot)
  return 'kept'
end
local again = slot.again
-- Better asked by nobody for now; one that is busy will have time.
local has_left = result == 'failed' or result == 'timeout' or result == 'unreachable'
end_lease(key, slot)
postpone(slot, deadline_in_ms ~= '' and now + tonumber(deadline_in_ms) or nil)
if retry_at then
  if not is_free then slot.attempts = slot.attempts + 1 end
  slot.avoid = has_left and server.name or nil
  slot.not_before = retry_at
  slot.again = false
  put(key, slot, RETRY)
elseif healing == '1' then
  offer(key, slot, slot.attempts, true)
elseif dirty == '1' or again then
  offer(key, slot, 0)
else
  forget(key, slot)
end
-- Whoever ends a lease does not heed its own ring; what it offers again is news to it.
local is_offered = retry_at or dirty == '1' or again
redis.call('SPUBLISH', bell, is_offered and '' or ringer)
keep(life_ms)
return 'ended'
