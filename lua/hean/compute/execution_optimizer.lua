-- execution_optimizer.lua: what resting instead of taking would have saved, by symbol, from the
-- executions that were made.
--
-- Input   executions { symbol, value, fee, maker } summed by symbol and liquidity
--         snapshot.fees { symbol, maker, taker }
--         params.fill_probability (0.6): part of what was taken that would have been filled resting
-- Output  outputs.symbols, the largest saving first: { symbol, maker_share, paid_bps, saving }
--
-- The saving counts only what would have been filled; the rest is taken as before. A symbol whose
-- fees are not known is listed without a saving.

local DEFAULT_FILL_PROBABILITY = 0.6

local function gather(executions)
  local found, order = {}, {}
  for _, row in ipairs(executions or {}) do
    local sum = found[row.symbol]
    if not sum then
      sum = { symbol = row.symbol, maker_value = 0, taker_value = 0, fee = 0 }
      found[row.symbol] = sum
      order[#order + 1] = sum
    end
    local side = row.maker and "maker_value" or "taker_value"
    sum[side] = sum[side] + row.value
    sum.fee = sum.fee + row.fee
  end
  return order
end

return function(input)
  local probability = (input.params or {}).fill_probability or DEFAULT_FILL_PROBABILITY
  local fees, symbols, opportunities = {}, {}, {}
  for _, fee in ipairs(input.snapshot.fees or {}) do
    fees[fee.symbol] = fee
  end
  for _, sum in ipairs(gather(input.executions)) do
    local total = sum.maker_value + sum.taker_value
    if total > 0 then
      local fee = fees[sum.symbol]
      symbols[#symbols + 1] = { symbol = sum.symbol, maker_share = sum.maker_value / total,
        paid_bps = sum.fee / total * 1e4,
        saving = fee and sum.taker_value * probability * (fee.taker - fee.maker) or nil }
    end
  end
  table.sort(symbols, function(a, b)
    local x, y = a.saving or -1, b.saving or -1
    if x ~= y then
      return x > y
    end
    return a.symbol < b.symbol
  end)
  for _, row in ipairs(symbols) do
    if row.saving and row.saving > 0 then
      opportunities[#opportunities + 1] = { id = "rest_" .. row.symbol, source = "TRADING",
        expected_profit_usd = row.saving, time_hours = 24, risk_factor = 1.5, complexity = 3,
        confidence = probability, process_id = "execution_optimizer" }
    end
  end
  return { outputs = { symbols = symbols }, opportunities = opportunities,
    metrics = { symbols = #symbols } }
end
