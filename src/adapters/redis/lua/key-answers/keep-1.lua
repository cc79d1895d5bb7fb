#!lua
-- Keeps an answer; one that is kept already stays, since it may have been given again.
--
-- KEYS  1 the key, see lib.lua
-- ARGV  1 fingerprint, 2 answer, 3 time in ms or '' for the server's
-- Result  1, or 0 when another answer was kept

-- include key-answers/lib

local fingerprint, answer, given_time = unpack(ARGV)

local now = time_in_ms(given_time)
local _, _, present = look(now)
if present then return 0 end
redis.call('HSET', kept, 'fingerprint', fingerprint, 'at', now, 'answer', answer)
redis.call('PEXPIRE', kept, KEPT_MS)
return 1
