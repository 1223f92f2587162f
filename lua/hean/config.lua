-- config.lua: evaluates a configuration file in the sandbox and gives its table as JSON.
--
-- The file must `return { ... }` with names, lists, numbers, strings and booleans. What JSON cannot
-- carry is an error that names the path of the key. A file that is given an input returns a
-- function of it, which gives such a table.
--
-- Knows nothing of what the keys mean: the host checks them.

local json = require "hean.json"
local problems = require "hean.problems"
local sandbox = require "hean.sandbox"

local M = {}

function M.to_json(file, source, input)
  local env, strings = sandbox.new(function() end, 0)
  local unlock = sandbox.lock_strings(strings)
  local chunk, message = sandbox.compile(source, file, env)
  if not chunk then
    problems.raise("script", "%s", message)
  end
  local value = chunk()
  if input ~= nil then
    if type(value) ~= "function" then
      problems.raise("script", "%s: must return a function; it returned %s", file, type(value))
    end
    value = value(input)
  end
  unlock()
  if type(value) ~= "table" then
    problems.raise("script", "%s: must end with `return { ... }`; it returned %s", file,
      type(value))
  end
  local text, problem = json.encode(value)
  if not text then
    problems.raise("script", "%s: %s", file, problem)
  end
  return text
end

return M
