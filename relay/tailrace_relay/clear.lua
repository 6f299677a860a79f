-- Clear a stream: its records go, its numbering goes on, and who listens is told.
--
-- KEYS  1 stream   2 meta
-- ARGV  1 PUBLISH or SPUBLISH
--
-- Answers the ID of the last record that was there; nothing when the stream has no numbering.

local stream, meta = KEYS[1], KEYS[2]

-- Read all keys first: one of a wrong type fails here, before anything is written.
redis.call('XLEN', stream)
local held = redis.call('HMGET', meta, 'epoch', 'ms', 'n', 'b')
local epoch, ms, n, bytes = held[1], held[2] or '0', held[3] or '0', held[4] or '0'
if not epoch or epoch == '' then
  return false
end

redis.call('HSET', meta, 'cleared', n, 'b0', bytes)
redis.call('XTRIM', stream, 'MAXLEN', '=', 0)
redis.call(ARGV[1], stream, 'cleared ' .. n .. ' ' .. epoch)
return ms .. '-' .. n
