-- Gateways' clocks differ and jump, so that spans and fences go by the server's; a time that is
-- given (milliseconds, not '') stands in for it where tests own the time.
local function time_in_us(given)
  if given ~= '' then return tonumber(given) * 1000 end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function time_in_ms(given) return math.floor(time_in_us(given) / 1000) end
