#!lua flags=no-writes
-- How much waits, how much is worked on, how much may be, and how the server is.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 time in ms or '' for the server's, 2 feature servers, see burst.lua
-- Result  {waiting, leased, limit, ceiling, health of each server, mean time of a call in ms, calls that
--         will be open}

-- include pool/lib
-- include pool/burst

local servers, most = read_servers(ARGV[2])
return {load(servers, most, time_in_ms(ARGV[1]))}
