-- problems.lua: errors that trusted Lua raises about a script, told apart from the script's own.
--
-- A problem has a kind, which the host turns into a status: "script", "range" (the value of a
-- parameter), "not_found" (an unknown parameter) or "parse" (data).

local M = {}

local mark = {} -- no script can reach it

function M.raise(kind, message, ...)
  error({ mark = mark, kind = kind, message = string.format(message, ...) }, 0)
end

-- The kind and the message of a problem; nil for any other error value.
function M.read(value)
  if type(value) == "table" and rawget(value, "mark") == mark then
    return value.kind, value.message
  end
  return nil
end

return M
