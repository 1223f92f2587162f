-- funding_monitor.lua: what holding through the next funding would pay, after the cost of a round
-- trip, and what the open positions are about to pay or receive.
--
-- Input   snapshot.funding { symbol, rate, interval_hours }, snapshot.fees { symbol, maker,
--         taker }, snapshot.tickers { symbol, bid, ask, mark }, snapshot.positions { symbol, value,
--         side }
--         params.notional_usd (1000), params.holds (3): fundings that a position is held for
-- Output  outputs.rates, by what they leave: { symbol, side, rate, yearly, cost, net, holds };
--         outputs.due: what each open position is about to receive (negative: pay)
--
-- The side that receives is short when the rate is positive. The cost is a taker fee in and out and
-- the spread once. The rate of the next funding is a forecast: confidence falls with each hold.

local HOURS_PER_YEAR = 8760
local DEFAULT_NOTIONAL_USD = 1000
local DEFAULT_HOLDS = 3
local CONFIDENCE_OF_ONE_FORECAST = 0.8

local function by_symbol(list)
  local found = {}
  for _, item in ipairs(list or {}) do
    found[item.symbol] = item
  end
  return found
end

local function spread_of(ticker)
  if not ticker or (ticker.bid or 0) <= 0 or (ticker.ask or 0) <= 0 then
    return nil
  end
  return 2 * (ticker.ask - ticker.bid) / (ticker.ask + ticker.bid)
end

local function is_better(a, b)
  if a.net ~= b.net then
    return a.net > b.net
  end
  return a.symbol < b.symbol
end

local function judge(funding, fee, spread, notional, holds)
  local size = math.abs(funding.rate)
  local cost = (2 * fee.taker + spread) * notional
  return { symbol = funding.symbol, side = funding.rate > 0 and "short" or "long",
    rate = funding.rate, yearly = size * HOURS_PER_YEAR / funding.interval_hours, cost = cost,
    net = size * notional * holds - cost, holds = holds }
end

local function due_of(positions, rates)
  local due = {}
  for _, position in ipairs(positions or {}) do
    local funding = rates[position.symbol]
    if funding and (position.value or 0) > 0 then
      local sign = position.side == "Buy" and -1 or 1
      due[#due + 1] = { symbol = position.symbol, receives = sign * funding.rate * position.value }
    end
  end
  return due
end

return function(input)
  local snapshot, params = input.snapshot, input.params or {}
  local notional = params.notional_usd or DEFAULT_NOTIONAL_USD
  local holds = params.holds or DEFAULT_HOLDS
  local fees, tickers = by_symbol(snapshot.fees), by_symbol(snapshot.tickers)
  local rates, opportunities, unknown = {}, {}, {}
  for _, funding in ipairs(snapshot.funding or {}) do
    local spread = spread_of(tickers[funding.symbol])
    if not fees[funding.symbol] or not spread or (funding.interval_hours or 0) <= 0 then
      unknown[#unknown + 1] = funding.symbol -- a cost that is not known is not taken for zero
    else
      rates[#rates + 1] = judge(funding, fees[funding.symbol], spread, notional, holds)
    end
  end
  table.sort(rates, is_better)
  for _, rate in ipairs(rates) do
    if rate.net > 0 then
      local hours = rate.holds * HOURS_PER_YEAR * math.abs(rate.rate) / rate.yearly
      opportunities[#opportunities + 1] = { id = "funding_" .. rate.symbol, source = "TRADING",
        expected_profit_usd = rate.net, time_hours = hours, risk_factor = 2, complexity = 2,
        confidence = CONFIDENCE_OF_ONE_FORECAST ^ rate.holds, process_id = "funding_monitor" }
    end
  end
  return { outputs = { rates = rates, unknown = unknown,
    due = due_of(snapshot.positions, by_symbol(snapshot.funding)) },
    opportunities = opportunities, metrics = { worth_holding = #opportunities } }
end
