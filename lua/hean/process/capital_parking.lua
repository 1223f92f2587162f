-- Idle balances against savings products. It proposes; subscribing stays with a person.
return {
  id = "capital_parking",
  name = "Capital parking",
  type = "EARN",
  version = "1.0.0",
  description =
    "Compares idle balances with the venue's savings products and proposes where they "
    .. "would earn.",
  requirements = { needs_bybit = true, needs_ui = false },
  actions = {
    { step_id = "choose", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "capital_parking", reserve_fraction = 0.4 } },
    { step_id = "decide", kind = "HUMAN_TASK", timeout = 3600,
      depends_on = { "choose" },
      params = { instructions =
        "Read the proposals of this run and subscribe by hand what you agree with." } },
  },
  expected_outputs = { "proposals" },
  safety = { max_capital_usd = 1000, require_manual_approval = true, max_risk_factor = 1.5 },
  measurement = { metrics = { "capital_delta", "time_hours", "fail_rate", "roi" },
    attribution_rule = "direct" },
  kill_conditions = {
    { metric = "fail_rate", threshold = 0.7, comparison = ">", window_runs = 10 },
    { metric = "pnl_sum", threshold = -50, comparison = "<", window_runs = 10 },
  },
}
