-- Tables, strings, closures and floating point; the same file for lua5.4 and luajit.
local percent = tonumber(arg[1]) or 100
local rounds = math.max(1, math.floor(tonumber(arg[2] or "10") * percent / 100))

local function sieve(n)
    local flags, count = {}, 0
    for i = 2, n do flags[i] = true end
    for i = 2, n do
        if flags[i] then
            count = count + 1
            for k = i * 2, n, i do flags[k] = false end
        end
    end
    return count
end

local function words()
    local seen, order = {}, {}
    for i = 1, 3000 do
        local w = "w" .. (i * 7919 % 613)
        if not seen[w] then order[#order + 1] = w end
        seen[w] = (seen[w] or 0) + #w
    end
    table.sort(order)
    local s = table.concat(order, ",")
    return #s + select(2, s:gsub("w1%d", "x"))
end

local function orbit(n)
    local x, y, vx, vy = 1.0, 0.0, 0.0, 0.5
    for _ = 1, n do
        local d = x * x + y * y
        local f = -0.001 / (d * math.sqrt(d))
        vx, vy = vx + x * f, vy + y * f
        x, y = x + vx * 0.001, y + vy * 0.001
    end
    return x + y
end

local function fib(n)
    if n < 2 then return n end
    return fib(n - 1) + fib(n - 2)
end

local point = {}
point.__index = point
function point.new(x) return setmetatable({ x = x }, point) end
function point:add(other) return point.new((self.x + other.x) % 1000003) end

local sum = 0
for r = 1, rounds do
    sum = sum + sieve(20000) + words() + fib(20)
    local p = point.new(r)
    for i = 1, 10000 do p = p:add(point.new(i)) end
    sum = sum + p.x
end
print(string.format("lua %d %.6f", sum, orbit(rounds * 10000)))
