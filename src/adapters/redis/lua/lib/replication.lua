-- Names the history of the data: another one after a change of primary, and after a restart.
local function replication_id()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end
