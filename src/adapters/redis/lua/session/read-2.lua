#!lua flags=allow-oom
-- What the log holds, and a page of it (L12). The page begins after the sequence in the present epoch.
-- KEYS  state, log
-- ARGV  after which sequence, how many entries at most (0: none)
-- Reply { epoch, first, last, entries as of XRANGE } | nothing
local state, log = unpack(KEYS)
local after, limit = tonumber(ARGV[1]), ARGV[2]
-- include session/lib/fields
-- include session/lib/log

if not find_session() then return nil end
local first = last - redis.call('XLEN', log) + 1
local entries = {}
if limit ~= '0' and after < last then
  local from = epoch .. '-' .. string.format('%.0f', math.max(after + 1, first))
  entries = redis.call('XRANGE', log, from, '+', 'COUNT', limit)
end
return { tonumber(epoch), first, last, entries }
