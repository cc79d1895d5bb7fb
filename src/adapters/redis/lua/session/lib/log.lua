-- The session's log (L9, L10). Needs `state`, `log` and fields.lua; `commit` needs `channel`, too.
-- Bound by find_session: the epoch (a text), the sequence of the newest entry, when the session's keys
-- end, and the replication id that everything this script writes goes under; replies of changes carry it.
local epoch, last, kept_until, replid

-- include lib/replication

-- What is numbered from here on cannot be mistaken for what a reader may have seen and we lost.
local function start_epoch()
  local time = redis.call('TIME')
  epoch = string.format('%.0f', math.max(epoch + 1, time[1] * 1000 + math.floor(time[2] / 1000)))
  last = 0
  redis.call('UNLINK', log)
  redis.call('HSET', state, 'epoch', epoch, 'last', last, 'replid', replid)
end

local function find_again(...)
  return redis.call('HMGET', state, 'epoch', 'last', 'replid', 'keptUntil', ...)
end

-- The values of these fields, after the four that it looks at itself; nil when there is no such session.
-- Starts a new epoch when the log is not the one that was written: missing, cut, or of another server's
-- history.
local function find_session(...)
  local facts = find_again(...)
  if not facts[1] then
    redis.call('UNLINK', log)
    return nil
  end
  epoch, last, kept_until = facts[1], tonumber(facts[2]), facts[4]
  local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
  local kept = newest and newest[1] or epoch .. '-0'
  replid = replication_id()
  if kept ~= epoch .. '-' .. facts[2] or replid ~= facts[3] then start_epoch() end
  return facts
end

local appended = {}

-- The id of the entry: its cursor. Written by `commit`, when everything has been checked.
local function append(kind, payload)
  last = last + 1
  local id = epoch .. '-' .. last
  appended[#appended + 1] = { id, kind, payload }
  return id
end

-- Writes what was set and appended, and rings the doorbell with it: one text, made in one go, since Lua
-- hashes every text that it makes, masks too.
local function commit(at, history)
  if #appended > 0 then set('last', last) end
  flush()
  if #appended == 0 then return end
  local told = {}
  local next_id = epoch .. '-*'
  for n, event in ipairs(appended) do
    local id, kind, payload = unpack(event)
    local is_first = last - #appended + n == 1
    redis.call('XADD', log, 'MAXLEN', '=', history, is_first and id or next_id,
      'type', kind, 'at', at, 'payload', payload)
    if is_first then redis.call('PEXPIREAT', log, kept_until) end
    told[#told + 1] = (n == 1 and '[["' or '],["') .. id .. '","' .. kind .. '",' .. at .. ','
    told[#told + 1] = payload
  end
  told[#told + 1] = ']]'
  redis.call('SPUBLISH', channel, table.concat(told))
end
