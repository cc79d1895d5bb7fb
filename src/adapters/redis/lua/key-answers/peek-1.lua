#!lua flags=no-writes
-- Looks without taking.
--
-- KEYS  1 the key, see lib.lua
-- ARGV  1 fingerprint, 2 time in ms or '' for the server's
-- Result  {fresh | running | reused}, or {kept, answer}

-- include key-answers/lib

local fingerprint, given_time = unpack(ARGV)

local known, _, answer = look(time_in_ms(given_time))
if not known then return {'fresh'} end
if known ~= fingerprint then return {'reused'} end
if answer then return {'kept', answer} end
return {'running'}
