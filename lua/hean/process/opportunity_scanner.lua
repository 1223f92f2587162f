-- Everything found, in one ranking. The rank step sees the opportunities of the steps before it.
return {
  id = "opportunity_scanner",
  name = "Opportunity scanner",
  type = "DATA",
  version = "1.0.0",
  description =
    "Ranks what all other functions found by profit, time, risk, complexity and how "
    .. "earlier ones turned out.",
  requirements = { needs_bybit = true, needs_ui = false },
  actions = {
    { step_id = "park", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "capital_parking" } },
    { step_id = "fund", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "funding_monitor" } },
    { step_id = "rest", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "execution_optimizer" } },
    { step_id = "rank", kind = "COMPUTE", timeout = 60,
      depends_on = { "park", "fund", "rest" },
      params = { ["function"] = "opportunity_scanner" } },
  },
  expected_outputs = { "ranked" },
  safety = { max_capital_usd = 100, require_manual_approval = false, max_risk_factor = 1 },
  measurement = { metrics = { "capital_delta", "time_hours", "fail_rate", "roi" },
    attribution_rule = "direct" },
  kill_conditions = {
    { metric = "fail_rate", threshold = 0.7, comparison = ">", window_runs = 10 },
    { metric = "pnl_sum", threshold = -50, comparison = "<", window_runs = 10 },
  },
}
