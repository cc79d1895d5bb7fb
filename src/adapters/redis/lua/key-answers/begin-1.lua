#!lua
-- Takes the key if it is free.
--
-- KEYS  1 the key, see lib.lua
-- ARGV  1 fingerprint, 2 runner: another one for every call, 3 time in ms or '' for the server's
-- Result  {fresh | running | reused}, or {kept, answer}

-- include key-answers/lib

local fingerprint, runner, given_time = unpack(ARGV)

local now = time_in_ms(given_time)
local known, taken_by, answer = look(now)
if not known then
  redis.call('DEL', kept)
  redis.call('HSET', kept, 'fingerprint', fingerprint, 'at', now, 'runner', runner)
  redis.call('PEXPIRE', kept, RUNNING_MS)
  return {'fresh'}
end
if known ~= fingerprint then return {'reused'} end
if answer then return {'kept', answer} end
-- Sent once more, because the first reply was lost.
if taken_by == runner then return {'fresh'} end
return {'running'}
