-- fee_slippage_monitor.lua: what trading cost by symbol, from the ledger, against what it should
-- cost by today's fees and spread.
--
-- Input   ledger { symbol, pnl, fees, funding, net, entries, estimated }, of the last days
--         snapshot.fees, snapshot.tickers as in funding_monitor
--         params.max_fee_drag (0.5): fees over gross profit at which a symbol is flagged
-- Output  outputs.symbols, the worst first: { symbol, pnl, fees, net, fee_drag, round_trip_bps,
--         estimated, flags }
--
-- fee_drag is fees / pnl where pnl is positive. Flags: profit_illusion (gross over, net under 0),
-- fee_drag, losing_before_fees, estimated_fees (some of it is not as reported).

local DEFAULT_MAX_FEE_DRAG = 0.5

local function by_symbol(list)
  local found = {}
  for _, item in ipairs(list or {}) do
    found[item.symbol] = item
  end
  return found
end

local function round_trip_bps(fee, ticker)
  if not fee or not ticker or (ticker.bid or 0) <= 0 or (ticker.ask or 0) <= 0 then
    return nil
  end
  local spread = 2 * (ticker.ask - ticker.bid) / (ticker.ask + ticker.bid)
  return (2 * fee.taker + spread) * 1e4
end

local function flags_of(row, drag, max_drag)
  local flags = {}
  if row.pnl > 0 and row.net < 0 then
    flags[#flags + 1] = "profit_illusion"
  end
  if drag and drag > max_drag then
    flags[#flags + 1] = "fee_drag"
  end
  if row.pnl < 0 then
    flags[#flags + 1] = "losing_before_fees"
  end
  if (row.estimated or 0) > 0 then
    flags[#flags + 1] = "estimated_fees"
  end
  return flags
end

return function(input)
  local fees, tickers = by_symbol(input.snapshot.fees), by_symbol(input.snapshot.tickers)
  local max_drag = (input.params or {}).max_fee_drag or DEFAULT_MAX_FEE_DRAG
  local symbols, flagged = {}, 0
  for _, row in ipairs(input.ledger or {}) do
    if row.symbol ~= "" then
      local drag = row.pnl > 0 and row.fees / row.pnl or nil
      local flags = flags_of(row, drag, max_drag)
      flagged = flagged + (#flags > 0 and 1 or 0)
      symbols[#symbols + 1] = { symbol = row.symbol, pnl = row.pnl, fees = row.fees, net = row.net,
        fee_drag = drag, round_trip_bps = round_trip_bps(fees[row.symbol], tickers[row.symbol]),
        estimated = row.estimated or 0, flags = flags }
    end
  end
  table.sort(symbols, function(a, b)
    if a.net ~= b.net then
      return a.net < b.net
    end
    return a.symbol < b.symbol
  end)
  return { outputs = { symbols = symbols }, opportunities = {}, metrics = { flagged = flagged } }
end
