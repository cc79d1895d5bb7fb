-- The fold of an object's clicks, kept as: points (the inside of a JSON array), their part of the
-- prompt's key, box (JSON), its part of the key; separated by tabs, empty for what there is none of.

local EMPTY_PROMPT = '\t\t\t'

-- Looks for plain tabs: a pattern takes several times as long on a prompt of many points.
local function prompt_parts(prompt)
  local first = string.find(prompt, '\t', 1, true)
  local second = string.find(prompt, '\t', first + 1, true)
  local third = string.find(prompt, '\t', second + 1, true)
  return string.sub(prompt, 1, first - 1), string.sub(prompt, first + 1, second - 1),
    string.sub(prompt, second + 1, third - 1), string.sub(prompt, third + 1)
end

local function joined(before, after, separator)
  if before == '' or after == '' then return before .. after end
  return before .. separator .. after
end

-- foldPrompt, one click further: its points come last, and its box replaces the one before.
local function extend_prompt(prompt, click)
  local points, points_key, box, box_key = prompt_parts(prompt)
  if click.box ~= '' then box, box_key = click.box, click.box_key end
  return joined(points, click.points, ',') .. '\t' .. joined(points_key, click.points_key, ';')
    .. '\t' .. box .. '\t' .. box_key
end

local function prompt_json(prompt)
  local points, _, box = prompt_parts(prompt)
  return '{"points":[' .. points .. ']' .. (box == '' and '' or ',"box":' .. box) .. '}'
end

-- promptKey, after the image: the same text as the gateway makes of the same prompt.
local function answer_key(image, prompt)
  local _, points_key, _, box_key = prompt_parts(prompt)
  return image .. ' ' .. points_key .. (box_key == '' and '' or '|' .. box_key)
end
