-- Have a stream keep to its limits now: the append script does so only when something is appended.
--
-- KEYS  1 stream   2 meta
-- ARGV  1 age, ms   2 size, bytes   (0: without limit)   3 '1' when they are the stream's own, '' when they are the default
--
-- Answers how many entries went.

local stream, meta = KEYS[1], KEYS[2]
local age, size_limit = tonumber(ARGV[1]), tonumber(ARGV[2])

-- Read all keys first: one of a wrong type fails here, before anything is written.
local before = redis.call('XLEN', stream)
local held = redis.call('HMGET', meta, 'epoch', 'b', 'b0', 'age', 'bytes')
if not held[1] or held[1] == '' then
  return 0
end
if ARGV[3] == '' then
  if held[4] or held[5] then
    redis.call('HDEL', meta, 'age', 'bytes')
  end
elseif held[4] ~= ARGV[1] or held[5] ~= ARGV[2] then
  redis.call('HSET', meta, 'age', ARGV[1], 'bytes', ARGV[2])
end

local bytes, trimmed = tonumber(held[2]) or 0, tonumber(held[3]) or 0
local too_much = size_limit > 0 and bytes - trimmed > size_limit
local too_old = 0
if age > 0 and before > 0 then
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  too_old = redis.call('XTRIM', stream, 'MINID', '=', string.format('%.0f', math.max(now - age, 0)))
end
-- Nearly always nothing is to be done.
if too_old == 0 and not too_much then
  return 0
end

-- How many bytes had been appended before the oldest frame now kept; all of them when none is.
local function note_trimmed()
  local entry = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  local fields = entry and entry[2]
  if not entry then
    trimmed = bytes
  elseif fields[1] == 'f' and fields[3] == 'b' then
    trimmed = (tonumber(fields[4]) or trimmed + #fields[2]) - #fields[2]
  end
end

note_trimmed()
for _ = 1, 8 do
  local size = bytes - trimmed
  if size_limit <= 0 or size <= size_limit then
    break
  end
  local kept = math.max(math.floor(redis.call('XLEN', stream) * size_limit / 16 * 15 / size), 1)
  redis.call('XTRIM', stream, 'MAXLEN', '=', string.format('%.0f', kept))
  note_trimmed()
end
redis.call('HSET', meta, 'b0', string.format('%.0f', trimmed))
return before - redis.call('XLEN', stream)
