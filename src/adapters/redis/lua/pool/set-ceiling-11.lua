#!lua flags=allow-oom
-- Sets how many calls a server may ever have. Those above a lowered ceiling run on.
--
-- KEYS  the pool's eleven, see lib.lua
-- ARGV  1 ceiling, 2 where the limit below it starts, 3 life of the pool in ms or '', 4 channel of the
--       doorbell, 5 name of the server
-- Result  the replication id, for claims

-- include pool/lib
-- include pool/burst
-- include lib/replication

local ceiling, at_least, life_ms, bell, name = unpack(ARGV)

local server = read_server(name)
set_ceiling(server, tonumber(ceiling), tonumber(at_least))
write_server(server)
redis.call('SPUBLISH', bell, '')
keep(life_ms)
return replication_id()
