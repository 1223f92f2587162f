-- What trading cost, from the ledger.
return {
  id = "fee_slippage_monitor",
  name = "Fee and slippage monitor",
  type = "DATA",
  version = "1.0.0",
  description = "Shows by symbol what trading cost and where fees eat the profit, from the ledger.",
  requirements = { needs_bybit = true, needs_ui = false },
  actions = {
    { step_id = "sum", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "fee_slippage_monitor", max_fee_drag = 0.5 } },
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
