-- The fold of an object's clicks, as JSON and as the key under which its answer is remembered.

-- foldPrompt: all points in the order of their clicks, and the newest of their boxes.
local function prompt_json(clicks)
  local points, box = {}, ''
  for _, click in ipairs(clicks) do
    if click.points ~= '' then points[#points + 1] = click.points end
    if click.box ~= '' then box = click.box end
  end
  return '{"points":[' .. table.concat(points, ',') .. ']'
    .. (box == '' and '' or ',"box":' .. box) .. '}'
end

-- promptKey, after the image: the same text as the gateway makes of the same prompt.
local function answer_key(image, clicks)
  local points, box = {}, ''
  for _, click in ipairs(clicks) do
    if click.pointsKey ~= '' then points[#points + 1] = click.pointsKey end
    if click.boxKey ~= '' then box = click.boxKey end
  end
  return image .. ' ' .. table.concat(points, ';') .. (box == '' and '' or '|' .. box)
end
