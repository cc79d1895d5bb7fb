#!lua flags=no-writes
-- Who reads the session, through whichever gateway (A7).
-- KEYS  presence
-- ARGV  time in ms or '' for the server's
-- Reply the participants as JSON, in the order in which they joined
local presence = KEYS[1]
local given_time = ARGV[1]
-- include lib/time
-- include session/lib/presence

return participants_json(time_in_ms(given_time))
