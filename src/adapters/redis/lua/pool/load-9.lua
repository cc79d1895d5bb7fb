#!lua flags=no-writes
-- How much waits, how much is worked on, and how much may be.
--
-- KEYS  the pool's nine, see lib.lua
-- Result  {waiting, leased, limit}

-- include pool/lib

return {load()}
