-- Answers of the session by what was asked, so that undo and redo cost no call (A13, A15).
-- Needs `state`, `answers`, `answers_order`, and log.lua.

-- Bounds the entries that a session of many small masks keeps.
local MAX_ANSWERS = 256
-- Bounds the memory that a session of large masks keeps, in bytes.
local MAX_ANSWER_BYTES = 4 * 1024 * 1024

-- The bytes that it had.
local function forget_answer(key)
  local bytes = redis.call('HSTRLEN', answers, key)
  redis.call('HDEL', answers, key)
  return bytes
end

-- As the newest; the oldest are forgotten for it. `bytes`: the field `answerBytes`, of all that are kept.
local function remember(key, answer, bytes)
  bytes = tonumber(bytes or 0)
  local before = redis.call('HSTRLEN', answers, key)
  if before > 0 then redis.call('LREM', answers_order, 1, key) end
  redis.call('HSET', answers, key, answer)
  local count = redis.call('RPUSH', answers_order, key)
  if count == 1 then
    -- Counted anew with the first one: what was counted may have been lost.
    bytes, before = 0, 0
    redis.call('PEXPIREAT', answers, kept_until)
    redis.call('PEXPIREAT', answers_order, kept_until)
  end
  bytes = bytes - before + #answer
  while count > MAX_ANSWERS or bytes > MAX_ANSWER_BYTES do
    bytes = bytes - forget_answer(redis.call('LPOP', answers_order))
    count = count - 1
  end
  set('answerBytes', bytes)
end

-- The image may come back with another reference, and then with other masks.
local function forget_answers(image)
  local prefix = image .. ' '
  for _, key in ipairs(redis.call('LRANGE', answers_order, 0, -1)) do
    if string.sub(key, 1, #prefix) == prefix then
      redis.call('LREM', answers_order, 1, key)
      redis.call('HINCRBY', state, 'answerBytes', -forget_answer(key))
    end
  end
end
