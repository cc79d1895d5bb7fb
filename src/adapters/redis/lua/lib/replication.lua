-- Names the history of the data: another one after a change of primary, and after a restart. A primary
-- that has had another one since never has the same again.
local function replication_id()
  local info = redis.call('INFO', 'replication')
  local _, before = string.find(info, 'master_replid:', 1, true)
  return string.sub(info, before + 1, before + 40)
end
