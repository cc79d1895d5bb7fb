-- What the end of a call tells about the server. `call`: kind, result, duration or nil, started_at,
-- now, in_flight, alone, others_since (asked for: when the other calls of the kind under way began).

local function slower_than(base, duration)
  return base ~= nil and duration > base * 2 and duration > base + 100
end

local function learn_base(server, call)
  local present = server.base[call.kind]
  if present == nil then
    server.base[call.kind] = call.duration * 1.5
  elseif call.alone then
    server.base[call.kind] = present + 0.2 * (math.min(call.duration, present * 2) - present)
  end
end

local function cut(server, call, call_ms)
  if call.started_at < server.cut_at or call.now < server.cut_at + call_ms then return end
  server.limit = math.max(1, server.limit / 2)
  server.cut_at = call.now
  server.slow = 0
end

-- Another one that began under the present limit is as slow already, though it has not ended.
local function is_one_of_many(server, call)
  for _, since in ipairs(call.others_since()) do
    if since >= server.cut_at and slower_than(server.base[call.kind], call.now - since) then
      return true
    end
  end
  return false
end

local function slow_call(server, call, call_ms)
  server.slow = server.slow + 1
  if server.slow < 2 and not is_one_of_many(server, call) then return end
  server.slow = 0
  local rest = 12 * (server.base[call.kind] or call_ms)
  local is_soon = call.now < server.rest_until + rest
  server.rest_until = call.now + (is_soon and 2 * rest or rest)
  cut(server, call, call_ms)
end

local function adapt_limit(server, call, call_ms)
  local timed_out = call.result == 'timeout'
  if call.result == 'failed' or call.result == 'unreachable' then return end
  if call.result == 'ok' and not call.duration then return end
  if call.result == 'overloaded' or not call.duration then return cut(server, call, call_ms) end
  local is_slow = slower_than(server.base[call.kind], call.duration)
  if timed_out and is_slow then return cut(server, call, call_ms) end
  learn_base(server, call)
  if timed_out or is_slow then return slow_call(server, call, call_ms) end
  server.slow = 0
  local grows = call.in_flight >= math.floor(server.limit) and call.now >= server.rest_until
  if not grows then return end
  -- Until it was first halved it doubles with each round, unless calls become longer.
  local doubles = server.cut_at == 0 and call.duration <= server.base[call.kind]
  local growth = doubles and 1 or 1 / server.limit
  server.limit = math.max(1, math.min(server.limit + growth, server.ceiling))
end

-- It took so long because the limit was too high, which is about to change or has changed already.
local function shows_overload(server, call)
  if not slower_than(server.base[call.kind], call.duration) then return false end
  return server.slow > 0 or call.started_at < server.cut_at
end

local function judge(server, fence, result, now)
  if result == 'ok' then
    server.failures, server.opened_at, server.pause_ms, server.probe = 0, nil, 500, nil
    return
  end
  if server.opened_at == nil then
    server.failures = server.failures + 1
    if server.failures >= 5 or result == 'unreachable' then server.opened_at = now end
  elseif server.probe == fence then
    server.failures = server.failures + 1
    server.opened_at, server.pause_ms, server.probe = now, math.min(4000, server.pause_ms * 2), nil
  end
end

-- The sum of the numbers, and the one of that rank among them, the largest being first: to sort them would
-- cost more than all the rest.
local function sum_and_largest(numbers, rank)
  local sum, top = 0, {}
  for _, number in ipairs(numbers) do
    sum = sum + number
    if #top < rank or number > top[rank] then
      local at = math.min(#top + 1, rank)
      while at > 1 and top[at - 1] < number do
        top[at] = top[at - 1]
        at = at - 1
      end
      top[at] = number
    end
  end
  return sum, top[rank]
end

local function record_time(server, kind, duration)
  local field = 'times:' .. server.name .. ':' .. kind
  local packed = redis.call('HGET', meta, field)
  local recent = packed and cmsgpack.unpack(packed) or {}
  local time = server[kind]
  time.mean = #recent == 0 and duration or time.mean + 0.2 * (duration - time.mean)
  table.insert(recent, duration)
  if #recent > 64 then table.remove(recent, 1) end
  redis.call('HSET', meta, field, cmsgpack.pack(recent))
  time.high = time.mean * 1.5
  if #recent < 20 then return end
  local sum, high = sum_and_largest(recent, #recent - math.ceil(#recent * 0.95) + 1)
  -- The first call was a guess; later, calls cannot take longer alone than they usually do among others.
  local base = server.base[kind]
  if base and (#recent == 20 or sum / #recent < base) then server.base[kind] = sum / #recent end
  time.high = high
end

local function end_call(server, fence, call)
  local answered = call.result == 'ok' or call.result == 'timeout'
  local is_measured = answered and call.duration and not shows_overload(server, call)
  adapt_limit(server, call, server[call.kind].mean)
  judge(server, fence, call.result, call.now)
  if not is_measured then return end
  -- Of one that timed out it is known that it takes longer; of one that hangs, nothing else.
  local most = call.result == 'ok' and math.huge or server[call.kind].high * 2
  record_time(server, call.kind, math.min(call.duration, most))
end

-- Retries that are allowed: core/burst/retry-budget.ts.
local function earn_retries(name)
  local calls = tonumber(redis.call('HGET', meta, 'retries:' .. name) or 0)
  if calls < 100 then redis.call('HSET', meta, 'retries:' .. name, calls + 1) end
end

local function spend_retry(name, now)
  local earned, used = 'retries:' .. name, 'retried:' .. name
  local calls, used_at = unpack(redis.call('HMGET', meta, earned, used))
  calls, used_at = tonumber(calls or 0), tonumber(used_at or 0)
  if calls < 10 and now < used_at + 10000 then return false end
  redis.call('HSET', meta, earned, math.max(0, calls - 10), used, whole(now))
  return true
end
