-- Answers of the session by what was asked, so that undo and redo cost no call (A13, A15).
-- Needs `state`, `answers`, `answers_order`, and log.lua.

-- Bounds the entries that a session of many small masks keeps.
local MAX_ANSWERS = 256
-- Bounds the memory that a session of large masks keeps, in bytes.
local MAX_ANSWER_BYTES = 4 * 1024 * 1024

local function recall(key)
  return redis.call('HGET', answers, key)
end

local function forget_answer(key)
  local weight = redis.call('HSTRLEN', answers, key)
  redis.call('HDEL', answers, key)
  redis.call('HINCRBY', state, 'answerBytes', -weight)
end

-- As the newest; the oldest are forgotten for it.
local function remember(key, answer)
  if redis.call('HEXISTS', answers, key) == 1 then
    redis.call('LREM', answers_order, 1, key)
    forget_answer(key)
  end
  redis.call('HSET', answers, key, answer)
  local count = redis.call('RPUSH', answers_order, key)
  -- Counted anew with the first one: what was counted may have been lost.
  if count == 1 then redis.call('HDEL', state, 'answerBytes') end
  local bytes = redis.call('HINCRBY', state, 'answerBytes', #answer)
  if count == 1 then
    redis.call('PEXPIREAT', answers, kept_until)
    redis.call('PEXPIREAT', answers_order, kept_until)
  end
  while count > MAX_ANSWERS or bytes > MAX_ANSWER_BYTES do
    forget_answer(redis.call('LPOP', answers_order))
    count = count - 1
    bytes = tonumber(redis.call('HGET', state, 'answerBytes'))
  end
end

-- The image may come back with another reference, and then with other masks.
local function forget_answers(image)
  local prefix = image .. ' '
  for _, key in ipairs(redis.call('LRANGE', answers_order, 0, -1)) do
    if string.sub(key, 1, #prefix) == prefix then
      redis.call('LREM', answers_order, 1, key)
      forget_answer(key)
    end
  end
end
