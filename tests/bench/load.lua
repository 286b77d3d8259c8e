-- What wrk sends: `wrk … URL -- METHOD BODY-FILE [HEADER-FILE]`.
-- In a body, «n» becomes another number with each request: each is a question of its own, and no two share a flight.
-- At the end one line of JSON.
local count = 0
local same
local parts = {}

function init(args)
   math.randomseed(os.time())
   count = math.random(1, 99999) * 10000
   wrk.method = args[1]
   if args[2] and args[2] ~= "" then
      local file = assert(io.open(args[2]))
      local body = file:read("*a")
      file:close()
      wrk.headers["Content-Type"] = "application/json"
      for part in (body .. "«n»"):gmatch("(.-)«n»") do
         parts[#parts + 1] = part
      end
      wrk.body = body
   end
   if args[3] then
      for line in io.lines(args[3]) do
         local name, value = line:match("^([^:]+): (.*)$")
         wrk.headers[name] = value
      end
   end
end

function request()
   if #parts < 2 then
      same = same or wrk.format()
      return same
   end
   count = count + 1
   return wrk.format(nil, nil, nil, table.concat(parts, string.format("%06d", count % 1000000)))
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "us": %d, "failed": %d, "lost": %d, "p50_us": %d, "p99_us": %d}\n',
      summary.requests, summary.duration, errors.status,
      errors.connect + errors.read + errors.write + errors.timeout,
      latency:percentile(50), latency:percentile(99)))
end
