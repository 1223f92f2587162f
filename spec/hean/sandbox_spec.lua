local sandbox = require "hean.sandbox"

-- Runs source text in a fresh sandbox, as a script; gives what it returns, or raises.
local function run(source, seed)
  local lines = {}
  local env, strings = sandbox.new(function(text)
    lines[#lines + 1] = text
  end, seed or 1)
  local chunk = assert(sandbox.compile(source, "script.lua", env))
  local unlock = sandbox.lock_strings(strings)
  local results = { pcall(chunk) }
  unlock()
  if not results[1] then
    error(results[2], 0)
  end
  return results[2], lines, results
end

local function failure(source)
  local ok, message = pcall(run, source)
  assert.is_false(ok, source .. " did not fail")
  return message
end

describe("the sandbox", function()
  describe("keeps out", function()
    for _, name in ipairs {
      "io", "os", "package", "debug", "ffi", "jit", "require", "load", "loadstring", "loadfile",
      "dofile", "getfenv", "setfenv", "newproxy", "collectgarbage", "module", "gcinfo",
      "string.dump", "table.foreach", "table.foreachi", "math.randomseed", "coroutine.close",
    } do
      it(name, function()
        assert.is_nil((run("return " .. name)))
      end)
    end

    it("bytecode", function()
      local bytecode = string.dump(function() end)
      local chunk, message = sandbox.compile(bytecode, "script.lua", {})
      assert.is_nil(chunk)
      assert.equal("script.lua:1: this is bytecode; a script must be source text", message)
    end)

    it("64-bit and imaginary literals, wherever they stand", function()
      for _, source in ipairs {
        "return 1LL", "\nreturn 1ULL", "return 1i", "return function() return { 5LL } end",
      } do
        local chunk, message = sandbox.compile(source, "script.lua", {})
        assert.is_nil(chunk)
        assert.truthy(message:find("^script.lua:%d: 64%-bit"), message)
      end
    end)

    it("weak tables", function()
      assert.truthy(select(2, sandbox.compile("return { __mode = 'k' }", "script.lua", {}))
        :find("script.lua:1: weak tables", 1, true))
      assert.truthy(failure "local t = setmetatable({}, { ['__mo' .. 'de'] = 'k' })"
        :find("script.lua:1: weak tables", 1, true))
    end)
  end)

  describe("protects", function()
    it("library tables", function()
      assert.equal("script.lua:1: 'string.rep' cannot be set: the library is read-only",
        failure "string.rep = nil")
      assert.truthy(failure("rawset(string, 'rep', 1)"):find("table expected", 1, true))
      assert.truthy(failure("table.insert(math, 1)"):find("table expected", 1, true))
      assert.truthy(failure("setmetatable(math, {})"):find("table expected", 1, true))
      assert.equal("read-only", (run "return getmetatable(math)"))
    end)

    it("the base functions and _G", function()
      assert.equal("script.lua:1: 'pairs' belongs to the sandbox and cannot be replaced",
        failure "pairs = 1")
      assert.equal("script.lua:1: 'string' belongs to the sandbox and cannot be replaced",
        failure "_G.string = {}")
      assert.equal("script.lua:1: 'string' belongs to the sandbox and cannot be replaced",
        failure "rawset(_G, 'string', {})")
      assert.truthy(failure("setmetatable(_G, {})"):find("protected metatable", 1, true))
      assert.equal("read-only", (run "return getmetatable(_G)"))
    end)

    it("the metatable of strings", function()
      assert.equal("read-only", (run "return getmetatable('')"))
      assert.truthy(failure("('x').rep = 1"):find("script.lua:1: ", 1, true))
      assert.truthy(failure("setmetatable('', {})"):find("table expected", 1, true))
      assert.is_nil((run "return ('x').dump"))
      assert.equal("xx", (run "return ('x'):rep(2)"))
    end)

    it("but lets a script have globals of its own", function()
      assert.equal(3, (run "x = 1 function f() x = x + 2 return x end return f()"))
      assert.equal(5, (run "rawset(_G, 'y', 5) return y"))
    end)
  end)

  describe("shows no addresses", function()
    it("in tostring, print, string.format and concatenation", function()
      local _, lines = run [[
        print({}, print, coroutine.create(print), string)
        print(("%s %-8s|"):format({}, print), tostring(setmetatable({}, {})))
      ]]
      assert.same({ "table\tfunction\tthread\tuserdata", "table function|\ttable" }, lines)
    end)

    it("in %p, however it is written", function()
      for _, format in ipairs { "%p", "%-10p", "%%%p", "a%5.2p" } do
        assert.truthy(failure(("return string.format(%q, {})"):format(format))
          :find("%p shows addresses", 1, true))
      end
      assert.equal("100%p", (run "return string.format('%d%%p', 100)"))
    end)

    it("but lets __tostring speak", function()
      assert.equal("me", (run [[
        return tostring(setmetatable({}, { __tostring = function() return "me" end }))
      ]]))
      assert.equal("<me>", (run [[
        return ("<%s>"):format(setmetatable({}, { __tostring = function() return "me" end }))
      ]]))
      assert.truthy(failure [[
        return tostring(setmetatable({}, { __tostring = function() return 1 end }))
      ]]:find("'__tostring' must return a string", 1, true))
    end)
  end)

  describe("iterates in one order", function()
    it("by pairs: whole numbers, other numbers, strings, false, true", function()
      assert.equal("-1 1 2 10 1.5 a aa b false true", (run [[
        local t = { b = 1, [10] = 1, [true] = 1, a = 1, [-1] = 1, [1.5] = 1, 1, 1, aa = 1,
          [false] = 1 }
        local keys = {}
        for key in pairs(t) do keys[#keys + 1] = tostring(key) end
        return table.concat(keys, " ")
      ]]))
    end)

    it("by next as by pairs", function()
      assert.equal("-1 1 2 10 1.5 a aa b false true", (run [[
        local t = { b = 1, [10] = 1, [true] = 1, a = 1, [-1] = 1, [1.5] = 1, 1, 1, aa = 1,
          [false] = 1 }
        local keys = {}
        for key in next, t do keys[#keys + 1] = tostring(key) end
        return table.concat(keys, " ")
      ]]))
      assert.is_nil((run "return next({})"))
      assert.equal(1, (run "local k, v = next({ 7 }) return k"))
    end)

    it("over lists, and while entries are removed", function()
      assert.equal(6, (run [[
        local t, sum = { 1, 2, 3 }, 0
        for key, value in pairs(t) do sum = sum + value t[key] = nil end
        assert(next(t) == nil)
        return sum
      ]]))
      assert.equal("ac", (run [[
        local t, seen = { a = 1, b = 2, c = 3 }, ""
        for key in pairs(t) do seen = seen .. key t.b = nil end
        return seen
      ]]))
      assert.equal(3, (run [[
        local t, count = { x = 1, y = 2, 5 }, 0
        for key in next, t do t[key] = nil count = count + 1 end
        return count
      ]]))
    end)

    it("and refuses keys that have no order", function()
      assert.truthy(failure("for _ in pairs { [{}] = 1 } do end")
        :find("script.lua:1: pairs: a key is a table", 1, true))
      assert.truthy(failure("local key = next({ [print] = 1 })")
        :find("script.lua:1: next: a key is a function", 1, true))
      assert.truthy(failure("for _ in pairs(nil) do end")
        :find("script.lua:1: bad argument #1 to 'pairs' (table expected, got nil)", 1, true))
    end)
  end)

  it("seeds math.random", function()
    local source = "return math.random() + math.random(1000)"
    assert.equal((run(source, 5)), (run(source, 5)))
    assert.not_equal((run(source, 5)), (run(source, 6)))
  end)

  it("keeps the script's line in errors of library functions", function()
    assert.equal("script.lua:2: bad argument #1 to 'rep' (string expected, got nil)",
      failure "\nlocal x = string.rep(nil, 2)")
    assert.equal("script.lua:2: bad argument #2 to 'format' (number expected, got string)",
      failure "\nlocal x = string.format('%d', 'x')")
    assert.equal("script.lua:2: bad argument #1 to 'setmetatable' (table expected, got number)",
      failure "\nlocal x = setmetatable(1, {})")
    assert.equal("script.lua:3: own", failure "local function f()\n\nerror('own') end f()")
    assert.equal("script.lua:4: own",
      failure "local function f()\n\nerror('own', 2) end\nf() return 1")
  end)

  it("has what pure Lua code needs", function()
    assert.equal("ok", (run [[
      local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
      assert(co(1) == 2 and co(5) == 10)
      assert(bit.band(6, 3) == 2 and math.floor(2.5) == 2 and ("a,b"):find(",") == 2)
      local t = { 3, 1, 2 }
      table.sort(t, function(a, b) return a > b end)
      assert(table.concat(t, "") == "321" and select("#", unpack(t)) == 3)
      local ok, message = pcall(error, "x", 0)
      assert(not ok and message == "x")
      assert(xpcall(function() return true end, print))
      assert(rawequal(t, t) and rawget(t, 1) == 3 and tonumber("0x10") == 16 and _VERSION)
      return "ok"
    ]]))
  end)

  it("skips a byte order mark and a first line with #!", function()
    assert.equal(7, (run "#!/usr/bin/env hean\nreturn 7"))
    assert.equal(7, (run "\239\187\191return 7"))
    assert.equal("script.lua:2: x", failure "#!/usr/bin/env hean\nerror('x')")
  end)
end)
