-- words.lua: the words of messages: lists of what is allowed, "did you mean", short excerpts.
--
-- Knows nothing of what the names stand for.

local byte, format, gsub, sub = string.byte, string.format, string.gsub, string.sub
local floor, max, min = math.floor, math.max, math.min
local rawnext = next

local M = {}

-- The keys of a set, in order.
function M.sorted(set)
  local names = {}
  for name in rawnext, set do
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

function M.one_of(set)
  return table.concat(M.sorted(set), ", ")
end

-- The number of edits between two words: a character more, less, other, or two swapped.
local function distance(a, b)
  local before, row = nil, {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local above = row
    row = { [0] = i }
    for j = 1, #b do
      local same = byte(a, i) == byte(b, j)
      row[j] = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same and 0 or 1))
      if before and j > 1 and byte(a, i) == byte(b, j - 1) and byte(a, i - 1) == byte(b, j) then
        row[j] = min(row[j], before[j - 2] + 1)
      end
    end
    before = above
  end
  return row[#b]
end

-- The nearest of `names` (a list), if it is near enough to be meant.
function M.nearest(word, names)
  if type(word) ~= "string" or #word > 64 then
    return nil
  end
  local best, best_distance
  for _, name in ipairs(names) do
    local d = distance(word, name)
    if d <= max(1, floor(#name / 4)) and (best == nil or d < best_distance) then
      best, best_distance = name, d
    end
  end
  return best
end

-- "; did you mean 'price'?" or "".
function M.did_you_mean(word, names)
  local best = M.nearest(word, names)
  return best and format("; did you mean '%s'?", best) or ""
end

-- At most `bytes` of a text, without control characters.
function M.excerpt(text, bytes)
  text = gsub(text, "%c", "?")
  if #text > bytes then
    text = sub(text, 1, bytes) .. "..."
  end
  return text
end

return M
