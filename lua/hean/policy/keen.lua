-- keen.lua: guarded with bets that fit the edges worth keeping: it finds more edges, sooner, and
-- lets in no more luck.
--
-- At the usual loss limit of three standard deviations the best bet on an edge s is 3 s of it. Half
-- of guarded's account bets 0.45 and 0.225: best for edges of 0.15 and 0.075, which futility
-- ends anyway (edge_min). Here that half bets 0.6, best for an edge of 0.2. Better evidence alone
-- would also let in more luck, within what fdr allows. So the evidence must not have fallen back
-- when a process is promoted: that costs an edge a few days, and luck its chance to be swept in
-- later, when others have lowered the threshold. `make selector-proof` shows both.
--
-- Knows nothing that guarded.lua does not know.

local guarded = require "hean.policy.guarded"

return guarded.with("keen", {
  bets = { 0.9, 0.6, 0.3 },
  shares = { 0.50, 0.49, 0.01 },
  fdr = 0.09,
  evidence_fall_max = 1,
})
