#!lua
-- Takes tokens from a bucket, whether they are there or not: see core/token-bucket.ts.
--
-- KEYS  1 hash: tokens (below 0 when some are owed), at (ms); absent when it is full
-- ARGV  1 tokens a second, 2 burst, 3 tokens to take, 4 time in ms or '' for the server's
-- Result  what is left, in thousandths of a token

-- include lib/time

local key = KEYS[1]
local per_second, burst, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = time_in_us(ARGV[4]) / 1000

local MAX_DEBT_BURSTS = 10

local tokens, at = unpack(redis.call('HMGET', key, 'tokens', 'at'))
tokens, at = tonumber(tokens) or burst, tonumber(at) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * per_second / 1000)
tokens = math.max(-MAX_DEBT_BURSTS * burst, tokens - count)

if tokens >= burst then
  redis.call('DEL', key)
else
  redis.call('HSET', key, 'tokens', string.format('%.17g', tokens), 'at', string.format('%.17g', now))
  redis.call('PEXPIRE', key, math.ceil((burst - tokens) * 1000 / per_second))
end
return math.floor(tokens * 1000)
