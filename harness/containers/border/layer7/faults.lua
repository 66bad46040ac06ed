-- What befalls single requests. Loaded into HAProxy; told over its runtime socket by the border's agent.
--
--   regionfall put EDGE TTL_MS [RULE ...]   exactly these rules hold on EDGE; none: nothing holds
--   regionfall keep TTL_MS                  prolongs what still holds; what ran out stays away
--   regionfall show                         EDGE RULE LEFT_MS MATCHED STRUCK, a line a rule; EDGE - 0 REQUESTS 0
--
-- A rule is k=v,k=v; texts are in hexadecimal. Every rule ends by itself TTL_MS after it was put or kept, by
-- HAProxy's own clock (corrected for steps of the wall clock): a frozen or dead agent leaves nothing behind.
-- One thread, so plain counters are exact.

local WHOLE = 10000
local edges = {}
local requests = {}

local function now_ms()
  local now = core.now()
  return now.sec * 1000 + now.usec // 1000
end

local function unhex(text)
  return (text:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function parsed(token)
  local rule = {token = token, matched = 0, struck = 0, left = 0, headers = {}}
  for key, value in token:gmatch("(%w+)=([^,]*)") do
    if key == "answer" then
      rule.answer = value
    elseif key == "header" then
      local name, wanted = value:match("^(%x*):(%x*)$")
      rule.header, rule.value = unhex(name):lower(), unhex(wanted)
    elseif key == "add" then
      local name, text = value:match("^(%x*):(%x*)$")
      rule.headers[#rule.headers + 1] = {unhex(name), unhex(text)}
    elseif key == "method" or key == "path" or key == "body" then
      rule[key] = unhex(value)
    else
      rule[key] = tonumber(value)
    end
  end
  return rule
end

local function taken(rules, token)
  for place, rule in ipairs(rules) do
    if rule.token == token then return table.remove(rules, place) end
  end
  return parsed(token)
end

local function has_header(txn, rule)
  local found = txn.http:req_get_headers()[rule.header]
  if not found then return false end
  if rule.value == "" then return true end
  for _, value in pairs(found) do
    if value == rule.value then return true end
  end
  return false
end

local function matches(txn, rule, method, path)
  if rule.method and rule.method ~= method then return false end
  if rule.path and path:sub(1, #rule.path) ~= rule.path then return false end
  return not rule.header or has_header(txn, rule)
end

-- Spread evenly and exactly: of any 10000 in a row `parts` are struck.
local function strikes(rule)
  rule.matched = rule.matched + 1
  rule.left = rule.left + rule.parts
  if rule.left < WHOLE then return false end
  rule.left = rule.left - WHOLE
  rule.struck = rule.struck + 1
  return true
end

local function chosen(txn, rules)
  local method, path, now = txn.sf:method(), txn.sf:path(), now_ms()
  local delay, answering = 0, nil
  for _, rule in ipairs(rules) do
    if now < rule.until_ms and matches(txn, rule, method, path) and strikes(rule) then
      delay = delay + rule.delay
      answering = answering or (rule.answer and rule)
    end
  end
  return delay, answering
end

local function answered(txn, rule)
  local reply = txn:reply{status = rule.status, reason = ""}
  for _, header in ipairs(rule.headers) do reply:add_header(header[1], header[2]) end
  if rule.body then reply:set_body(rule.body) end
  txn:done(reply)
end

core.register_action("befall", {"http-req"}, function(txn)
  local edge = txn.f:fe_name()
  requests[edge] = (requests[edge] or 0) + 1
  local rules = edges[edge]
  if not rules then return end
  local delay, rule = chosen(txn, rules)
  if delay > 0 then core.msleep(delay) end
  if not rule then return end
  if rule.answer == "status" then
    answered(txn, rule)
  else
    txn:set_var("txn.befalls", rule.answer)
  end
end, 0)

core.register_cli({"regionfall", "put"}, "regionfall put EDGE TTL_MS [RULE ...]", function(applet, _, _, edge, ttl, ...)
  local before, rules, until_ms = edges[edge] or {}, {}, now_ms() + tonumber(ttl)
  for _, token in ipairs({...}) do
    if token ~= "" then
      local rule = taken(before, token)
      rule.until_ms = until_ms
      rules[#rules + 1] = rule
    end
  end
  edges[edge] = #rules > 0 and rules or nil
  applet:send("ok\n")
end)

core.register_cli({"regionfall", "keep"}, "regionfall keep TTL_MS", function(applet, _, _, ttl)
  local now = now_ms()
  for _, rules in pairs(edges) do
    for _, rule in ipairs(rules) do
      if now < rule.until_ms then rule.until_ms = now + tonumber(ttl) end
    end
  end
  applet:send("ok\n")
end)

core.register_cli({"regionfall", "show"}, "regionfall show", function(applet)
  local now, lines = now_ms(), {}
  for edge, count in pairs(requests) do lines[#lines + 1] = edge .. " - 0 " .. count .. " 0" end
  for edge, rules in pairs(edges) do
    for _, rule in ipairs(rules) do
      if now < rule.until_ms then
        local numbers = {rule.until_ms - now, rule.matched, rule.struck}
        lines[#lines + 1] = edge .. " " .. rule.token .. " " .. table.concat(numbers, " ")
      end
    end
  end
  lines[#lines + 1] = "end\n"
  applet:send(table.concat(lines, "\n"))
end)
