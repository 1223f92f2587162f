-- selector.lua: lets a policy decide about processes: JSON lines in, JSON lines out.
--
-- A policy is a file that returns { name = ..., evaluate = f, decide = g }. evaluate(process,
-- context) sees one process; without decide its result is the decision. decide(records, context)
-- sees what evaluate gave for all of them, in the order of the input, and returns the decisions.
--   process  { entry = {...}, runs = {...} } as in the input. Times are in seconds since 1970:
--            epoch_time and promoted_time of the entry, the time of each run. A run also has its
--            index, and duplicate if one before it has the same run_id; run_id(i) and started_at(i)
--            give its texts. The tables of the runs are used again for the next process: copy what
--            you keep.
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

local ffi = require "ffi"
local band, format, sub = require("bit").band, string.format, string.sub
local ffi_string = ffi.string

-- The structures of core/script/policy_line.h.
ffi.cdef [[
typedef struct { const char *at; uint32_t bytes; } policy_text;
typedef struct {
  policy_text run_id, started_at, metrics;
  double time_s, numbers[6];
  uint32_t has, status;
} policy_run;
typedef struct {
  policy_text entry, process_id;
  policy_run *runs;
  uint32_t run_count, run_capacity;
} policy_line;
]]
local ESCAPED, DUPLICATE = 65536, 262144

local M = {}

M.states = { NEW = true, TESTING = true, PROBATION = true, CORE = true, PAUSED = true,
  KILLED = true }
local statuses = { [0] = "COMPLETED", "FAILED", "PENDING", "RUNNING", "CANCELLED" }
local shared = { ["hean.stats"] = true, ["hean.policy.record"] = true,
  ["hean.policy.guarded"] = true }

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

local entry_numbers = { "loss_limit", "epoch", "sigma_ref", "s_ref" }
local entry_texts = { "type", "family", "venue", "regime", "version", "epoch_version" }

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

-- A text of the line; one with a backslash is left to the JSON reader.
local function text_of(text, escaped, decode)
  local plain = ffi_string(text.at, text.bytes)
  return escaped and decode('["' .. plain .. '"]')[1] or plain
end

local function number_of(run, index, bit)
  if band(run.has, bit) ~= 0 then
    return run.numbers[index]
  end
  return nil
end

-- Fills the table of a run, which belongs to the policy until the next line.
local function fill_run(run, raw, host)
  run.time, run.status = raw.time_s, statuses[raw.status]
  run.duplicate = band(raw.has, DUPLICATE) ~= 0
  run.capital_allocated_usd = number_of(raw, 5, 32)
  if raw.metrics.at ~= nil then -- names of its own
    run.metrics = json.without_null(host.decode(ffi_string(raw.metrics.at, raw.metrics.bytes)),
      host.null)
    return
  end
  local metrics = run.known
  metrics.capital_delta, metrics.roi = number_of(raw, 0, 1), number_of(raw, 1, 2)
  metrics.time_hours, metrics.volatility = number_of(raw, 2, 4), number_of(raw, 3, 8)
  metrics.spread_bps = number_of(raw, 4, 16)
  run.metrics = metrics
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

-- host: file and source of the policy, input (its name, for messages), context, line (policy_line),
-- time (reads an ISO 8601 text), and decode and null of the JSON reader.
function M.new(host)
  local policy, unlock = load_policy(host.file, host.source)
  local line = ffi.cast("policy_line *", host.line)
  local seen, ids, records, pool = {}, {}, {}, {}
  local self = { close = unlock }

  local function read_entry(where)
    local read, entry = pcall(host.decode, ffi_string(line.entry.at, line.entry.bytes))
    if not read then
      problems.raise("parse", "%s: entry: %s", where, tostring(entry))
    end
    entry = json.without_null(entry, host.null)
    check_entry(where, entry)
    local id = entry.process_id
    if line.process_id.bytes > 0 and text_of(line.process_id, true, host.decode) ~= id then
      refuse(where, "process_id of the runs", "the entry's, " .. id,
        ffi_string(line.process_id.at, line.process_id.bytes))
    end
    return entry
  end

  local function read_time(where, entry, field)
    local value = entry[field]
    local time = type(value) == "string" and host.time(value) or nil
    if value ~= nil and not time then
      refuse(where, "entry." .. field, "an ISO 8601 time", value)
    end
    return time
  end

  -- Texts of the run i: a million of them in Lua would cost more than all the rest.
  local function run_id(i)
    local raw = line.runs[i - 1]
    return text_of(raw.run_id, band(raw.has, ESCAPED) ~= 0, host.decode)
  end

  local function started_at(i)
    local raw = line.runs[i - 1]
    return text_of(raw.started_at, band(raw.has, ESCAPED) ~= 0, host.decode)
  end

  -- Takes what is in host.line.
  function self.take(number)
    local where = format("%s:%d", host.input, number)
    local entry, runs = read_entry(where), {}
    for i = 1, line.run_count do
      local run = pool[i]
      if not run then
        run = { index = i, known = {} }
        pool[i] = run
      end
      fill_run(run, line.runs[i - 1], host)
      runs[i] = run
    end
    local id = entry.process_id
    if seen[id] then
      problems.raise("parse", "%s: entry.process_id: %s stands on line %d as well", where, id,
        seen[id])
    end
    seen[id] = number
    ids[#ids + 1] = id
    records[#records + 1] = policy.evaluate({
      entry = entry, runs = runs, run_id = run_id, started_at = started_at,
      epoch_time = read_time(where, entry, "epoch_started_at"),
      promoted_time = read_time(where, entry, "promoted_at"),
    }, host.context)
  end

  function self.refuse(number, message)
    problems.raise("parse", "%s:%d: %s", host.input, number, message)
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
      local text, problem = json.encode({
        process_id = decision.process_id, state = decision.state, weight = decision.weight,
        reasons = decision.reasons, entry = decision.entry,
      }, nil, json.measure)
      if not text then
        problems.raise("script", "%s: the decision on %s: %s", host.file, ids[i], problem)
      end
      write(text)
    end
  end

  return self
end

return M
