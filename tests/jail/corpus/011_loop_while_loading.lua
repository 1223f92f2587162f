-- expect: deadline load
-- attack: a loop in the text of the script itself
while true do end
