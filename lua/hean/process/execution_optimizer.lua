-- What resting instead of taking would have saved.
return {
  id = "execution_optimizer",
  name = "Execution optimizer",
  type = "TRADING",
  version = "1.0.0",
  description =
    "Shows what resting instead of taking would have saved, from the executions that "
    .. "were made.",
  requirements = { needs_bybit = true, needs_ui = false },
  actions = {
    { step_id = "save", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "execution_optimizer", fill_probability = 0.6 } },
  },
  expected_outputs = { "symbols" },
  safety = { max_capital_usd = 100, require_manual_approval = false, max_risk_factor = 1 },
  measurement = { metrics = { "capital_delta", "time_hours", "fail_rate", "roi" },
    attribution_rule = "direct" },
  kill_conditions = {
    { metric = "fail_rate", threshold = 0.7, comparison = ">", window_runs = 10 },
    { metric = "pnl_sum", threshold = -50, comparison = "<", window_runs = 10 },
  },
}
