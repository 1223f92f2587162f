-- capital_parking.lua: which idle balances would earn how much in which product.
--
-- Input   snapshot.balances  { coin, wallet, locked }, snapshot.positions, snapshot.earn_products
--         { product_id, coin, apr, min_stake, max_stake, term_days, status }
--         params.reserve_fraction (0.4) of each coin that stays liquid
-- Output  outputs.proposals, best first: { coin, product_id, amount, apr, yearly }; opportunities
--
-- A product with a term is worth less than one that can be left at any time: its rate is taken at
-- nine tenths. Nothing is proposed for a coin that backs an open position.

local DEFAULT_RESERVE = 0.4
local TERM_DISCOUNT = 0.9
local STABLE = { USDT = true, USDC = true }

local function is_better(a, b)
  if a.yearly ~= b.yearly then
    return a.yearly > b.yearly
  end
  return a.coin .. a.product_id < b.coin .. b.product_id
end

local function settles_positions(snapshot)
  local coins = {}
  for _, position in ipairs(snapshot.positions or {}) do
    if position.settle_coin then
      coins[position.settle_coin] = true
    end
  end
  return coins
end

local function best_product(products, coin, idle)
  local best, best_rate
  for _, product in ipairs(products) do
    local rate = product.apr * ((product.term_days or 0) > 0 and TERM_DISCOUNT or 1)
    local fits = product.coin == coin and product.status == "Available" and rate > 0
      and idle >= (product.min_stake or 0)
    if fits and (best == nil or rate > best_rate
      or (rate == best_rate and product.product_id < best.product_id)) then
      best, best_rate = product, rate
    end
  end
  return best, best_rate
end

return function(input)
  local snapshot = input.snapshot
  local reserve = (input.params or {}).reserve_fraction or DEFAULT_RESERVE
  local used = settles_positions(snapshot)
  local proposals, opportunities, skipped = {}, {}, {}
  for _, balance in ipairs(snapshot.balances or {}) do
    local idle = (balance.wallet - (balance.locked or 0)) * (1 - reserve)
    local product, rate = best_product(snapshot.earn_products or {}, balance.coin, idle)
    if idle <= 0 then
      skipped[#skipped + 1] = { coin = balance.coin, reason = "nothing idle" }
    elseif used[balance.coin] then
      skipped[#skipped + 1] = { coin = balance.coin, reason = "backs an open position" }
    elseif product == nil then
      skipped[#skipped + 1] = { coin = balance.coin, reason = "no product takes it" }
    else
      local amount = idle
      if (product.max_stake or 0) > 0 and amount > product.max_stake then
        amount = product.max_stake
      end
      proposals[#proposals + 1] = { coin = balance.coin, product_id = product.product_id,
        amount = amount, apr = product.apr, yearly = amount * rate }
    end
  end
  table.sort(proposals, is_better)
  for _, proposal in ipairs(proposals) do
    if STABLE[proposal.coin] then -- profit in USD is known without a price
      opportunities[#opportunities + 1] = { id = "earn_" .. proposal.product_id, source = "EARN",
        expected_profit_usd = proposal.yearly / 365, time_hours = 24, risk_factor = 1,
        complexity = 1, confidence = 0.9, process_id = "capital_parking" }
    end
  end
  return { outputs = { proposals = proposals, skipped = skipped }, opportunities = opportunities,
    metrics = { proposals = #proposals } }
end
