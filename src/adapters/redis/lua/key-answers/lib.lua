-- A key of a caller's (A4), for all scripts of this folder.
--
-- KEYS[1]  hash: fingerprint, at (when it was taken or answered, ms), runner (who has taken it),
--          answer (JSON, when there is one)
local kept = KEYS[1]

-- include lib/time

local RUNNING_MS = 60000
local KEPT_MS = 86400000

-- Fingerprint, runner and answer; nothing when the key is free at that time.
local function look(now)
  local fingerprint, at, runner, answer =
    unpack(redis.call('HMGET', kept, 'fingerprint', 'at', 'runner', 'answer'))
  if not fingerprint or now >= tonumber(at) + (answer and KEPT_MS or RUNNING_MS) then return nil end
  return fingerprint, runner, answer
end
