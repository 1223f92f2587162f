-- expect: memory|error on_save
-- attack: a state that is too large to be written as text
return {
  name = "attack",
  on_save = function()
    local t = {}
    for i = 1, 1e6 do
      t[i] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" .. i
    end
    return t
  end,
}
