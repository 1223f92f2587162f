-- What a person has to look at.
return {
  id = "campaign_checklist",
  name = "Campaign checklist",
  type = "CAMPAIGN",
  version = "1.0.0",
  description = "Lists what no interface tells and a person has to look at.",
  requirements = { needs_bybit = false, needs_ui = false },
  actions = {
    { step_id = "list", kind = "COMPUTE", timeout = 60,
      params = { ["function"] = "campaign_checklist", max_items = 5 } },
    { step_id = "look", kind = "HUMAN_TASK", timeout = 3600, depends_on = { "list" },
      params = { instructions = "Go through the checklist of this run and note what you found." } },
  },
  expected_outputs = { "checklist" },
  safety = { max_capital_usd = 100, require_manual_approval = true, max_risk_factor = 1 },
  measurement = { metrics = { "capital_delta", "time_hours", "fail_rate", "roi" },
    attribution_rule = "direct" },
  kill_conditions = {
    { metric = "fail_rate", threshold = 0.7, comparison = ">", window_runs = 10 },
    { metric = "pnl_sum", threshold = -50, comparison = "<", window_runs = 10 },
  },
}
