#!lua flags=allow-oom
-- Takes down who reads the session through one gateway, and tells all readers when the list of all
-- gateways is another one then (A22).
-- KEYS  presence, channel
-- ARGV  gateway, its participants as a JSON array of { participant, joined at }, for ms, time stamp of
--       the frame, time in ms or '' for the server's
-- Reply 1 when that was news, or 0
local presence, channel = unpack(KEYS)
local gateway, list, for_ms, timestamp, given_time = unpack(ARGV)
-- include lib/time
-- include session/lib/presence

local now = time_in_ms(given_time)
local function forget_silent()
  local fields = redis.call('HGETALL', presence)
  for n = 1, #fields, 2 do
    local till = string.match(fields[n + 1], '^%d+')
    if fields[n] ~= 'told' and tonumber(till) <= now then redis.call('HDEL', presence, fields[n]) end
  end
end

if list == '[]' then
  redis.call('HDEL', presence, gateway)
else
  redis.call('HSET', presence, gateway, string.format('%.0f', now + for_ms) .. ' ' .. list)
end
forget_silent()
local all = participants_json(now)
local told = redis.call('HGET', presence, 'told') or '[]'
if all == '[]' then redis.call('DEL', presence) else redis.call('HSET', presence, 'told', all) end
redis.call('PEXPIRE', presence, 2 * for_ms)
if all == told then return 0 end
redis.call('SPUBLISH', channel, '{"type":"presence.updated","timestamp":"' .. timestamp
  .. '","payload":{"participants":' .. all .. '}}')
return 1
