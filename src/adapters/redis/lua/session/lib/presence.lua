-- Who reads a session, as the gateways say (A7). A field for each gateway: until when it holds, a
-- blank, and a JSON array of { participant, joined at }. A field `told`: the list as it was told last.
-- Needs `presence`.

-- The list as JSON: each participant once, as of the first time that it joined, in that order.
local function participants_json(now)
  local joined, names = {}, {}
  local fields = redis.call('HGETALL', presence)
  for n = 1, #fields, 2 do
    local till, list = string.match(fields[n + 1], '^(%d+) (.*)$')
    if fields[n] ~= 'told' and tonumber(till) > now then
      for _, entry in ipairs(cjson.decode(list)) do
        local name, at = entry[1], entry[2]
        if not joined[name] then names[#names + 1] = name end
        if not joined[name] or at < joined[name] then joined[name] = at end
      end
    end
  end
  table.sort(names, function(a, b) return joined[a] .. ' ' .. a < joined[b] .. ' ' .. b end)
  for n, name in ipairs(names) do
    names[n] = '{"participantId":"' .. name .. '","joinedAt":"' .. joined[name] .. '"}'
  end
  return '[' .. table.concat(names, ',') .. ']'
end
