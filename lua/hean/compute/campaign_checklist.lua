-- campaign_checklist.lua: what a person has to look at, because no interface tells it: one task a
-- line, made from what the snapshot does not know.
--
-- Input   snapshot.sources { balances = "API", earn_products = "UNKNOWN", ... },
--         snapshot.announcements { title, url, type, ends_at } where the venue gave them
--         params.max_items (5)
-- Output  outputs.checklist { title, why, url }, in the order in which they should be done

local DEFAULT_MAX_ITEMS = 5

local RELEVANT = { latest_activities = true, new_crypto = true, product_updates = true }

return function(input)
  local snapshot = input.snapshot
  local most = (input.params or {}).max_items or DEFAULT_MAX_ITEMS
  local checklist, unknown = {}, {}
  for what, source in pairs(snapshot.sources or {}) do
    if source == "UNKNOWN" then
      unknown[#unknown + 1] = what
    end
  end
  table.sort(unknown)
  for _, what in ipairs(unknown) do
    checklist[#checklist + 1] = { title = "Enter " .. what .. " by hand",
      why = "the snapshot does not know " .. what }
  end
  for _, item in ipairs(snapshot.announcements or {}) do
    if RELEVANT[item.type] then
      checklist[#checklist + 1] = { title = item.title, url = item.url,
        why = item.ends_at and "ends " .. item.ends_at or "a new announcement" }
    end
  end
  local dropped = math.max(0, #checklist - most)
  for i = #checklist, most + 1, -1 do
    checklist[i] = nil
  end
  return { outputs = { checklist = checklist, dropped = dropped }, opportunities = {},
    metrics = { items = #checklist } }
end
