#!lua flags=allow-oom
-- Watches a session for a while; it keeps its turn if it has one. Mends the index, should that have
-- lost the session with a primary.
-- KEYS  see lib.lua
-- ARGV  session, for ms, first turn in ms, when the session ends if it is used no more, how long the
--       keys are kept in ms, time in ms or '' for the server's
-- Reply 1

-- include watch/lib

local session, for_ms, turn_in_ms, ends_at, life_ms, given_time = unpack(ARGV)

watch(session, time_in_ms(given_time), for_ms, turn_in_ms)
redis.call('ZADD', index, 'NX', ends_at, session)
keep(life_ms)
return 1
