#!lua flags=allow-oom
-- Watches some of all sessions there are, with a turn at once.
-- KEYS  see lib.lua
-- ARGV  cursor of the last page or '0', sessions a page about, for ms, how long the keys are kept in ms, time in
--       ms or '' for the server's
-- Reply the cursor of the next page, '0' after the last

-- include watch/lib

local cursor, count, for_ms, life_ms, given_time = unpack(ARGV)

local now = time_in_ms(given_time)
local page = redis.call('ZSCAN', index, cursor, 'COUNT', count)
for n = 1, #page[2], 2 do watch(page[2][n], now, for_ms, 0) end
keep(life_ms)
return page[1]
