-- Writes a bundle's fields and publishes in one step: whoever is told of a version reads it whole.
-- KEYS: the bundle's hash. ARGV: the channel, how many ms of work this is, then fields and values in turn.
-- Nothing else runs in Redis meanwhile.

-- Since Redis 7.2 TIME stands still in a script, but there is os.clock; before, it is the other way round.
local has_clock, clock = pcall(function() return os.clock end)
local function seconds()
  if has_clock then return clock() end
  local now = redis.call('TIME')
  return now[1] + now[2] / 1e6
end

local over = seconds() + ARGV[2] / 1000
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
while seconds() < over do end
redis.call('PUBLISH', ARGV[1], version)
return version
