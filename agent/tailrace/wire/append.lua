-- Append one frame to a stream, exactly once, and publish it.
--
-- KEYS  1 stream   2 meta   3 the producer's mark   (all in one cluster slot)
-- ARGV  1 frame    2 count  3 first seq   4 shed before it   5 epoch word, should the numbering start here
--       6 the mark's TTL, ms   7 default age, ms   8 default size, bytes   9 PUBLISH or SPUBLISH
--
-- Answers {status, ID, mark, epoch, generation, last ID, warning}, all strings:
--   ok       appended; ID is that of the frame's last record
--   old      wholly accepted before; ID is that of the mark
--   overlap  the mark lies inside this frame: cut off what is accepted and come again
--   behind   records between the mark and this frame are missing; mark is '' when Redis holds none
-- A refusal writes nothing. An error reply means that nothing was kept either.
-- Calls GET XLEN HMGET TIME INFO XADD SET HSET PUBLISH|SPUBLISH; now and then UNLINK XINFO XRANGE XTRIM; to undo XDEL DEL
-- HDEL.

local stream, meta, producer = KEYS[1], KEYS[2], KEYS[3]
local frame, count, first, shed = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local HOUR = 3600000
-- Generations kept; older ones are folded into the oldest kept, which can only withdraw more, never less.
local GENERATIONS = 16

local function int(number)
  return string.format('%.0f', number)
end

local function number(text, default)
  return tonumber(text or '') or default
end

-- Read all keys first: one of a wrong type fails here, before anything is written.
local saved = redis.call('GET', producer)
redis.call('XLEN', stream)
local held = redis.call('HMGET', meta, 'epoch', 'born', 'ms', 'n', 'b', 'b0', 'gens', 'cleared', 'age', 'bytes')
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local mark, mark_id = 0, ''
if saved then
  local digits
  digits, mark_id = string.match(saved, '^(%d+) (%S+)$')
  mark = tonumber(digits)
  if not mark then
    return redis.error_reply('ERR ' .. producer .. ' holds no mark')
  end
end

local epoch = held[1] ~= '' and held[1]
local last_ms, last_n = number(held[3], 0), number(held[4], 0)
local bytes, trimmed = number(held[5], 0), number(held[6], 0)
local age, size_limit = number(held[9], tonumber(ARGV[7])), number(held[10], tonumber(ARGV[8]))
-- 'number:start ID:replication ID' separated by spaces, oldest first. A generation is one master's numbering.
local gens = held[7] or ''
local generation, master = string.match(gens, '(%d+):[%d-]+:(%S+)$')

local function last_id()
  return int(last_ms) .. '-' .. int(last_n)
end

local function answer(status, id, warning)
  return { status, id, saved and int(mark) or '', epoch or '', generation or '0', last_id(), warning or '' }
end

-- Judge the frame by the producer's mark.
local last = first + count - 1
if last <= mark then
  return answer('old', mark_id)
elseif first - shed <= mark then
  return answer('overlap', mark_id)
elseif first - shed > mark + 1 then
  return answer('behind', mark_id)
end

-- Why a pcall failed; nil when it did not. (fakeredis wraps the text in an object of its own.)
local function failed(reply)
  return type(reply) == 'table' and reply.err and tostring(reply.err) or nil
end

local fresh

-- A new numbering: what the stream holds belongs to none, and is removed. So is an empty stream: it refuses IDs too.
local function start_epoch()
  if not string.find(ARGV[5], '^%w+$') then
    return 'ERR no epoch word'
  end
  epoch, fresh = ARGV[5], true
  last_ms, last_n, bytes, trimmed, gens, generation, master = 0, 0, 0, 0, ''
  return failed(redis.pcall('UNLINK', stream))
end

-- Keeps the list short: the oldest goes, and the next takes over its start, which lies before its own.
local function fold()
  local words = {}
  for word in string.gmatch(gens, '%S+') do
    words[#words + 1] = word
  end
  if #words > GENERATIONS then
    local start = string.match(table.remove(words, 1), ':[%d-]+:')
    words[1] = string.gsub(words[1], ':[%d-]+:', start)
    gens = table.concat(words, ' ')
  end
end

-- INFO may be missing or forbidden; then the generation stays what it was. Numbers follow the clock, so that two masters
-- that go on from the same records (a data file restored twice, a failover after a failover) never share one.
local function note_generation()
  local info = redis.pcall('INFO', 'replication')
  local replid = type(info) == 'string' and string.match(info, 'master_replid:(%x+)')
  if generation and (not replid or replid == master) then
    return
  end
  generation, master = generation and int(math.max(now, tonumber(generation) + 1)) or '0', replid or '-'
  gens = gens .. (gens == '' and '' or ' ') .. generation .. ':' .. last_id() .. ':' .. master
  fold()
end

local function add(ms)
  local id = int(ms) .. '-' .. int(last_n + shed + count)
  local oldest = age > 0 and int(math.max(now - age, 0)) or '0'
  return id, redis.pcall('XADD', stream, 'MINID', '=', oldest, id, 'f', frame, 'b', int(bytes + #frame))
end

local function last_generated_ms()
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      return tonumber(string.match(info[i + 1], '^(%d+)'))
    end
  end
end

-- Find its place. XADD is the first write, but for the removal of what belongs to no numbering.
local refused
if not epoch then
  refused = start_epoch()
  if refused then
    return redis.error_reply(refused)
  end
end
note_generation()
local ms = math.max(now, last_ms)
local id, added = add(ms)

-- Foreign entries stand at or beyond our place: go on behind them, or start anew when they are absurdly far ahead.
refused = failed(added)
if refused and (string.find(refused, 'equal or smaller', 1, true) or string.find(refused, 'exhausted', 1, true)) then
  local top = last_generated_ms()
  if top > ms + HOUR then
    refused = start_epoch()
    if refused then
      return redis.error_reply(refused)
    end
    note_generation()
    ms = now
  else
    ms = top + 1
  end
  id, added = add(ms)
  refused = failed(added)
end
if refused then
  return redis.error_reply(refused)
end

-- From here on a failure takes everything back.
local function undo(reason)
  redis.pcall('XDEL', stream, id)
  if saved then
    redis.pcall('SET', producer, saved, 'PX', ARGV[6])
  else
    redis.pcall('DEL', producer)
  end
  for i, name in ipairs({ 'epoch', 'born', 'ms', 'n', 'b', 'b0', 'gens', 'cleared' }) do
    if held[i] then
      redis.pcall('HSET', meta, name, held[i])
    else
      redis.pcall('HDEL', meta, name)
    end
  end
  return redis.error_reply(reason)
end

last_ms, last_n, bytes = ms, last_n + shed + count, bytes + #frame
local writes = {
  { 'SET', producer, int(last) .. ' ' .. id, 'PX', ARGV[6] },
  { 'HSET', meta, 'ms', int(last_ms), 'n', int(last_n), 'b', int(bytes), 'gens', gens },
  { ARGV[9], stream, id .. ' ' .. epoch .. ' ' .. generation .. '\n' .. frame },
}
if fresh then
  table.insert(writes, 1, { 'HSET', meta, 'epoch', epoch, 'born', int(now), 'b0', '0', 'cleared', '0' })
end
for _, write in ipairs(writes) do
  refused = failed(redis.pcall(unpack(write)))
  if refused then
    return undo(refused)
  end
end
saved, mark = true, last

-- Notes how many bytes had been appended before the oldest frame now kept; answers why it could not.
local function note_trimmed()
  local entries = redis.pcall('XRANGE', stream, '-', '+', 'COUNT', 1)
  local fields = not failed(entries) and entries[1] and entries[1][2]
  if fields and fields[1] == 'f' and fields[3] == 'b' then
    trimmed = number(fields[4], trimmed + #fields[2]) - #fields[2]
  end
  return failed(entries)
end

-- Trims by size to 15/16 of the limit, so that it is seldom due. Frames differ in size: a few rounds come close.
local function trim()
  if size_limit <= 0 or bytes - trimmed <= size_limit then
    return
  end
  local denied = note_trimmed()
  for _ = 1, 4 do
    local size = bytes - trimmed
    if denied or size <= size_limit then
      break
    end
    local kept = math.max(math.floor(redis.call('XLEN', stream) * size_limit / 16 * 15 / size), 1)
    denied = failed(redis.pcall('XTRIM', stream, 'MAXLEN', '=', int(kept))) or note_trimmed()
  end
  redis.call('HSET', meta, 'b0', int(trimmed))
  return denied and 'not trimmed: ' .. denied
end

return answer('ok', id, trim())
