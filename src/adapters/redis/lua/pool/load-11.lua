#!lua flags=no-writes
-- How much waits, how much is worked on, how much may be, and how the server is.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 time in ms or '' for the server's
-- Result  {waiting, leased, limit, ceiling, health, mean time of a call in ms}

-- include pool/lib
-- include pool/burst

return {load(read_server(), time_in_ms(ARGV[1]))}
