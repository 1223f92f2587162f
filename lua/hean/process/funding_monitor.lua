-- Funding rates that are worth holding for. It watches; strategies trade.
return {
  id = "funding_monitor",
  name = "Funding monitor",
  type = "TRADING",
  version = "1.0.0",
  description =
    "Finds funding rates that pay for holding after fees and spread, and what open "
    .. "positions are about to pay.",
  requirements = { needs_bybit = true, needs_ui = false },
  actions = {
    { step_id = "judge", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "funding_monitor", notional_usd = 1000, holds = 3 } },
  },
  expected_outputs = { "rates", "due" },
  safety = { max_capital_usd = 1000, require_manual_approval = true, max_risk_factor = 2 },
  measurement = { metrics = { "capital_delta", "time_hours", "fail_rate", "roi" },
    attribution_rule = "direct" },
  kill_conditions = {
    { metric = "fail_rate", threshold = 0.7, comparison = ">", window_runs = 10 },
    { metric = "pnl_sum", threshold = -50, comparison = "<", window_runs = 10 },
  },
}
