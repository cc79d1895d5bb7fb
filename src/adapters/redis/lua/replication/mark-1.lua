#!lua flags=allow-oom
-- Writes something for replicas to acknowledge, and leaves nothing behind. What WAIT waits for is the last
-- write of its own connection: in Redis 7.0 whatever anybody wrote before the connection's last command,
-- from 7.2 on no more than that, so that the connection has to write itself.
-- KEYS  any key in a slot of the server
-- Reply the replication id that it was written under
local key = KEYS[1]
-- include lib/replication

redis.call('SET', key, '')
redis.call('UNLINK', key)
return replication_id()
