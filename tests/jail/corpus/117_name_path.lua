-- expect: refused name
-- attack: a name that is a path
return { name = "../../etc/cron.d/x" }
