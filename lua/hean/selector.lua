-- selector.lua: lets a policy decide about processes: JSON lines in, JSON lines out.
--
-- A policy is a file that returns { name = ..., evaluate = f, decide = g }. evaluate(process,
-- context) sees one process; without decide its result is the decision. decide(records, context)
-- sees what evaluate gave for all of them, in the order of the input, and returns the decisions.
--   process  { entry = {...}, runs = {...} } as in the input, with epoch_time and promoted_time of
--            the entry, and the time of each run, in seconds since 1970. It belongs to the policy.
--   context  { now = seconds since 1970, now_text = the same as text, trials = ..., started = ...,
--            loss_limit = ... }
--   decision { process_id, state, weight, reasons = { "CODE: numbers", ... }, entry = {...} }
--
-- Invariants
--   * A policy runs in the sandbox: no clock, no randomness, no file; `require` gives it the
--     statistics and the shared parts of policies, nothing else.
--   * Input that is not as described is refused with its line and field; nothing is guessed.
--
-- Knows nothing of the rules.

local json = require "hean.json"
local problems = require "hean.problems"
local sandbox = require "hean.sandbox"

local byte, find, floor, format, sub = string.byte, string.find, math.floor, string.format,
  string.sub

local M = {}

M.states = { NEW = true, TESTING = true, PROBATION = true, CORE = true, PAUSED = true,
  KILLED = true }
local statuses = { PENDING = true, RUNNING = true, COMPLETED = true, FAILED = true,
  CANCELLED = true }
local shared = { ["hean.stats"] = true, ["hean.policy.record"] = true,
  ["hean.policy.guarded"] = true }

-- ---- times ----

local month_days = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- Days since 1970-01-01 of "YYYY-MM-DD", or nil.
local function day_number(text)
  local year, month, day = string.match(text, "^(%d%d%d%d)%-(%d%d)%-(%d%d)$")
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if not year or year < 1 or month < 1 or month > 12 then
    return nil
  end
  local leap = (year % 4 == 0 and year % 100 ~= 0) or year % 400 == 0
  if day < 1 or day > month_days[month] + (month == 2 and leap and 1 or 0) then
    return nil
  end
  local y = month <= 2 and year - 1 or year -- years begin in March
  local of_year = floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return 365 * y + floor(y / 4) - floor(y / 100) + floor(y / 400) + of_year - 719468
end

-- Seconds since 1970 of an ISO 8601 time (without a zone: UTC), or nil. `days` remembers dates.
local function parse_time(text, days)
  local date = sub(text, 1, 10)
  local day = days[date]
  if day == nil then
    day = day_number(date) or false
    days[date] = day
  end
  if not day then
    return nil
  elseif #text == 10 then
    return day * 86400
  end
  local t, h1, h2, c1, m1, m2, c2, s1, s2 = byte(text, 11, 19)
  if s2 == nil or not (t == 84 or t == 32) or c1 ~= 58 or c2 ~= 58 then
    return nil
  end
  h1, h2, m1, m2, s1, s2 = h1 - 48, h2 - 48, m1 - 48, m2 - 48, s1 - 48, s2 - 48
  if h1 < 0 or h1 > 2 or h2 < 0 or h2 > 9 or m1 < 0 or m1 > 5 or m2 < 0 or m2 > 9 or s1 < 0
    or s1 > 5 or s2 < 0 or s2 > 9 or h1 * 10 + h2 > 23 then
    return nil
  end
  local time = day * 86400 + (h1 * 10 + h2) * 3600 + (m1 * 10 + m2) * 60 + s1 * 10 + s2
  local zone = byte(text, 20)
  if zone == nil or (zone == 90 and #text == 20) then
    return time
  end
  local fraction, sign, hours, minutes = string.match(text, "^(%.?%d*)Z?([+-]?)(%d?%d?):?(%d?%d?)$",
    20)
  if not fraction or fraction == "." or (find(text, "Z", 20, true) and sign ~= "") or
    (fraction ~= "" and byte(fraction) ~= 46) or (sign == "") ~= (hours == "") or
    #hours == 1 or #minutes == 1 then
    return nil
  end
  local offset = (tonumber(hours) or 0) * 3600 + (tonumber(minutes) or 0) * 60
  return time + (tonumber("0" .. fraction) or 0) - (sign == "-" and -offset or offset)
end

-- ---- the input ----

local function shown(value)
  local text = type(value) == "table" and "a table" or tostring(value)
  return #text > 40 and sub(text, 1, 40) .. "..." or text
end

local function refuse(where, field, expected, value)
  problems.raise("parse", "%s: %s: expected %s, got %s", where, field, expected,
    value == nil and "nothing" or shown(value))
end

local function check_numbers(where, path, table, names)
  for i = 1, #names do
    local value = table[names[i]]
    if value ~= nil and type(value) ~= "number" then
      refuse(where, path .. names[i], "a number", value)
    end
  end
end

local metric_names = { "capital_delta", "roi", "time_hours", "volatility", "spread_bps" }

local function check_run(where, i, run, process_id, days)
  local path = format("runs[%d].", i - 1)
  if type(run) ~= "table" then
    refuse(where, format("runs[%d]", i - 1), "an object", run)
  elseif type(run.run_id) ~= "string" or run.run_id == "" then
    refuse(where, path .. "run_id", "a text", run.run_id)
  elseif run.process_id ~= nil and run.process_id ~= process_id then
    refuse(where, path .. "process_id", "the entry's, " .. process_id, run.process_id)
  elseif not statuses[run.status] then
    refuse(where, path .. "status", "PENDING, RUNNING, COMPLETED, FAILED or CANCELLED", run.status)
  elseif run.metrics ~= nil and type(run.metrics) ~= "table" then
    refuse(where, path .. "metrics", "an object", run.metrics)
  end
  run.time = type(run.started_at) == "string" and parse_time(run.started_at, days)
  if not run.time then
    refuse(where, path .. "started_at", "an ISO 8601 time", run.started_at)
  end
  local capital = run.capital_allocated_usd
  if capital ~= nil and not (type(capital) == "number" and capital >= 0) then
    refuse(where, path .. "capital_allocated_usd", "a number from 0", capital)
  end
  if run.metrics then
    check_numbers(where, path .. "metrics.", run.metrics, metric_names)
  else
    run.metrics = {}
  end
end

local entry_numbers = { "loss_limit", "epoch", "sigma_ref", "s_ref" }
local entry_texts = { "type", "family", "venue", "regime", "version", "epoch_version" }

local function check_time(where, field, value, days)
  local time = type(value) == "string" and parse_time(value, days) or nil
  if value ~= nil and not time then
    refuse(where, field, "an ISO 8601 time", value)
  end
  return time
end

local function check_entry(where, entry)
  if type(entry.process_id) ~= "string" or entry.process_id == "" then
    refuse(where, "entry.process_id", "a text", entry.process_id)
  elseif not M.states[entry.state] then
    refuse(where, "entry.state", "NEW, TESTING, PROBATION, CORE, PAUSED or KILLED", entry.state)
  end
  check_numbers(where, "entry.", entry, entry_numbers)
  for i = 1, #entry_texts do
    local value = entry[entry_texts[i]]
    if value ~= nil and type(value) ~= "string" then
      refuse(where, "entry." .. entry_texts[i], "a text", value)
    end
  end
  if entry.loss_limit and not (entry.loss_limit > 0) then
    refuse(where, "entry.loss_limit", "a number above 0", entry.loss_limit)
  end
end

local function check_process(where, process, days)
  if type(process) ~= "table" then
    refuse(where, "the line", "an object", process)
  elseif type(process.entry) ~= "table" then
    refuse(where, "entry", "an object", process.entry)
  elseif type(process.runs) ~= "table" then
    refuse(where, "runs", "a list", process.runs)
  end
  local entry = process.entry
  check_entry(where, entry)
  process.epoch_time = check_time(where, "entry.epoch_started_at", entry.epoch_started_at, days)
  process.promoted_time = check_time(where, "entry.promoted_at", entry.promoted_at, days)
  local count = #process.runs
  if next(process.runs) ~= nil and count == 0 then
    refuse(where, "runs", "a list", process.runs)
  end
  for i = 1, count do
    check_run(where, i, process.runs[i], entry.process_id, days)
  end
end

-- ---- the policy ----

local function load_policy(file, source)
  local env, strings = sandbox.new(function() end, 0)
  rawset(env, "require", function(name)
    if not shared[name] then
      error(format("a policy has no module '%s'; it has hean.stats, hean.policy.record and "
        .. "hean.policy.guarded", tostring(name)), 2)
    end
    return require(name)
  end)
  local unlock = sandbox.lock_strings(strings)
  local chunk, message = sandbox.compile(source, file, env)
  if not chunk then
    problems.raise("script", "%s", message)
  end
  local policy = chunk()
  if type(policy) ~= "table" or type(policy.evaluate) ~= "function"
    or (policy.decide ~= nil and type(policy.decide) ~= "function") then
    problems.raise("script", "%s: must return a table with the function evaluate, and decide if "
      .. "it looks at all processes together", file)
  end
  return policy, unlock
end

local function check_decision(file, decision, process_id)
  if type(decision) ~= "table" or decision.process_id ~= process_id
    or not M.states[decision.state] or type(decision.weight) ~= "number"
    or not (decision.weight >= 0 and decision.weight <= 1) or type(decision.reasons) ~= "table"
    or #decision.reasons == 0 or type(decision.entry) ~= "table" then
    problems.raise("script", "%s: the decision on %s must have its process_id, a known state, a "
      .. "weight from 0 to 1, reasons and the entry", file, process_id)
  end
end

-- JSON has no NaN and no infinity: such a number is left out.
local function finite_only(entry)
  for key, value in next, entry do
    if type(value) == "number" and value - value ~= 0 then
      entry[key] = nil
    end
  end
end

-- host: file and source of the policy, input (its name, for messages), context, and decode and null
-- of the JSON reader.
function M.new(host)
  local policy, unlock = load_policy(host.file, host.source)
  local days, seen, ids, records = {}, {}, {}, {}
  local self = { close = unlock }

  function self.take(line, number)
    local where = format("%s:%d", host.input, number)
    local read, process = pcall(host.decode, line)
    if not read then
      problems.raise("parse", "%s: no JSON: %s", where, tostring(process))
    end
    if find(line, "null", 1, true) then
      process = json.without_null(process, host.null)
    end
    check_process(where, process, days)
    local id = process.entry.process_id
    if seen[id] then
      problems.raise("parse", "%s: entry.process_id: %s stands on line %d as well", where, id,
        seen[id])
    end
    seen[id] = number
    ids[#ids + 1] = id
    records[#records + 1] = policy.evaluate(process, host.context)
  end

  function self.finish(write)
    local decisions = records
    if policy.decide then
      decisions = policy.decide(records, host.context)
    end
    for i = 1, #ids do
      local decision = type(decisions) == "table" and decisions[i]
      check_decision(host.file, decision, ids[i])
      finite_only(decision.entry)
      local text, problem = json.encode {
        process_id = decision.process_id, state = decision.state, weight = decision.weight,
        reasons = decision.reasons, entry = decision.entry,
      }
      if not text then
        problems.raise("script", "%s: the decision on %s: %s", host.file, ids[i], problem)
      end
      write(text)
    end
  end

  return self
end

return M
