/**
 * The Redis work of a click with nothing around it: every step that Maskwire takes, atomic and safe
 * against two workers, but no idempotency keys, limits, undo, snapshots, fairness, life times or epochs.
 *
 * `session` hash: last, and by object rev, done, run, prompt (boxes), open ("<click>:<rev>" …)
 * `slots` hash: token -> waiting | leased | again; `line` list; `leases` zset; `fence` counter
 */
const SHEBANG = '#!lua\n';

/** What is published is the frame itself, so that nobody has to make it. */
const APPEND = `
local function append(kind, members)
  local id = redis.call('HGET', session, 'epoch') .. '-' .. redis.call('HINCRBY', session, 'last', 1)
  local payload = '{' .. members .. '}'
  redis.call('XADD', log, 'MAXLEN', '=', '1000', id, 'type', kind, 'at', ARGV[1], 'payload', payload)
  redis.call('PUBLISH', channel, 'id: ' .. id .. '\\nevent: ' .. kind .. '\\ndata: ' .. payload .. '\\n\\n')
  return id
end
`;

export const SCRIPTS = {
  /** KEYS session, log, channel; ARGV now, click, object, box. Reply { revision, cursor } */
  accept: {
    keys: 3,
    lua: `${SHEBANG}
local session, log, channel = unpack(KEYS)
local _, click, object, box = unpack(ARGV)
${APPEND}
redis.call('HSETNX', session, 'epoch', ARGV[1])
local rev = redis.call('HINCRBY', session, 'rev ' .. object, 1)
local open = redis.call('HGET', session, 'open ' .. object) or ''
redis.call('HSET', session, 'prompt ' .. object, box, 'open ' .. object, open .. click .. ':' .. rev .. ' ')
local id = append('click.accepted', '"clickId":"' .. click .. '","objectId":"' .. object
  .. '","revision":' .. rev .. ',"points":[],"box":' .. box)
return { rev, id }`,
  },
  /** KEYS slots, line, bell; ARGV token. Reply queued | merged | running */
  enqueue: {
    keys: 3,
    lua: `${SHEBANG}
local slots, line, bell = unpack(KEYS)
local token = ARGV[1]
local state = redis.call('HGET', slots, token)
if state == 'waiting' then return 'merged' end
if state then
  redis.call('HSET', slots, token, 'again')
  return 'running'
end
redis.call('HSET', slots, token, 'waiting')
redis.call('RPUSH', line, token)
redis.call('PUBLISH', bell, '')
return 'queued'`,
  },
  /** KEYS slots, line, leases, fence; ARGV limit, lease in ms. Reply { token, fence } | nothing */
  claim: {
    keys: 4,
    lua: `${SHEBANG}
local slots, line, leases, fence = unpack(KEYS)
if redis.call('ZCARD', leases) >= tonumber(ARGV[1]) then return nil end
local token = redis.call('LPOP', line)
if not token then return nil end
local time = redis.call('TIME')
redis.call('HSET', slots, token, 'leased')
redis.call('ZADD', leases, time[1] * 1000 + ARGV[2], token)
return { token, redis.call('INCR', fence) }`,
  },
  /** KEYS session; ARGV object, fence. Reply { revision, box } | nothing */
  begin: {
    keys: 1,
    lua: `${SHEBANG}
local session, object = KEYS[1], ARGV[1]
local found = redis.call('HMGET', session, 'rev ' .. object, 'done ' .. object, 'run ' .. object, 'prompt ' .. object)
if not found[1] or tonumber(found[1]) <= tonumber(found[2] or 0) then return nil end
if tonumber(ARGV[2]) < tonumber(found[3] or 0) then return nil end
redis.call('HSET', session, 'run ' .. object, ARGV[2])
return { tonumber(found[1]), found[4] }`,
  },
  /** KEYS session, log, channel; ARGV now, object, revision, fence, answer. Reply dirty */
  complete: {
    keys: 3,
    lua: `${SHEBANG}
local session, log, channel = unpack(KEYS)
local _, object, revision, fence, answer = unpack(ARGV)
${APPEND}
local found = redis.call('HMGET', session, 'rev ' .. object, 'done ' .. object, 'run ' .. object, 'open ' .. object)
local rev, done, upto = tonumber(found[1] or 0), tonumber(found[2] or 0), tonumber(revision)
if found[3] ~= fence or upto <= done or upto > rev then return rev > done and 1 or 0 end
local covers, rest = {}, {}
for click, of in string.gmatch(found[4], '(%S+):(%d+)') do
  if tonumber(of) <= upto then covers[#covers + 1] = '"' .. click .. '"'
  else rest[#rest + 1] = click .. ':' .. of .. ' ' end
end
local payload = '"objectId":"' .. object .. '","revision":' .. revision .. ',"covers":['
  .. table.concat(covers, ',') .. '],' .. answer
redis.call('HSET', session, 'done ' .. object, revision, 'open ' .. object, table.concat(rest), 'result ' .. object, payload)
append('segment.completed', payload)
return rev > upto and 1 or 0`,
  },
  /** KEYS slots, line, leases, bell; ARGV token, dirty */
  release: {
    keys: 4,
    lua: `${SHEBANG}
local slots, line, leases, bell = unpack(KEYS)
local token = ARGV[1]
redis.call('ZREM', leases, token)
if ARGV[2] == '1' or redis.call('HGET', slots, token) == 'again' then
  redis.call('HSET', slots, token, 'waiting')
  redis.call('RPUSH', line, token)
else
  redis.call('HDEL', slots, token)
end
redis.call('PUBLISH', bell, '')
return 1`,
  },
  /** KEYS session, log, channel; ARGV now, object */
  remove: {
    keys: 3,
    lua: `${SHEBANG}
local session, log, channel = unpack(KEYS)
local object = ARGV[2]
${APPEND}
redis.call('HDEL', session, 'prompt ' .. object, 'open ' .. object, 'result ' .. object)
redis.call('HSET', session, 'done ' .. object, redis.call('HGET', session, 'rev ' .. object))
append('object.removed', '"objectId":"' .. object .. '"')
return 1`,
  },
} as const;
