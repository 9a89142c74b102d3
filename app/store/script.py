"""The one atomic step as the script a Redis runs, and how its arguments are spelled."""

from __future__ import annotations

from collections.abc import Mapping

from app.store import Add, Put, Remove, Write

# KEYS: those expected, then those written. ARGV: the number of expectations, for each "1"+value or "0" (nothing), then for each write
# a letter with its value, and a ttl in ms ("0": none): "v"+value, "d" (delete), "a"+member (add), "r"+member (remove).
# A script that fails half-way leaves what it has done: so whatever can fail is looked at before the first write.
COMMIT = """
local n = tonumber(ARGV[1])
for i = 1, n do
  local want, have = ARGV[1 + i], redis.call('GET', KEYS[i])
  if want == '0' then
    if have then return 0 end
  elseif not have or have ~= string.sub(want, 2) then
    return 0
  end
end
for i = n + 1, #KEYS do
  local letter = string.sub(ARGV[2 * i - n], 1, 1)
  if letter == 'a' or letter == 'r' then
    local kind = redis.call('TYPE', KEYS[i]).ok
    if kind ~= 'set' and kind ~= 'none' then return redis.error_reply('WRONGTYPE not a set') end
  end
end
for i = n + 1, #KEYS do
  local write, ttl = ARGV[2 * i - n], tonumber(ARGV[2 * i - n + 1])
  local letter, value = string.sub(write, 1, 1), string.sub(write, 2)
  if letter == 'd' then
    redis.call('DEL', KEYS[i])
  elseif letter == 'a' then
    redis.call('SADD', KEYS[i], value)
  elseif letter == 'r' then
    redis.call('SREM', KEYS[i], value)
  elseif ttl > 0 then
    redis.call('SET', KEYS[i], value, 'PX', ttl)
  else
    redis.call('SET', KEYS[i], value)
  end
end
return 1
"""


def arguments(expect: Mapping[str, bytes | None], put: Mapping[str, Write]) -> list[bytes | int]:
    """What the script is given beside its keys."""
    spelled: list[bytes | int] = [len(expect)]
    spelled += [b"0" if value is None else b"1" + value for value in expect.values()]
    for write in put.values():
        spelled += _spelled(write)
    return spelled


def milliseconds(ttl_s: float) -> int:
    """A time to live as Redis takes it: never none."""
    return max(1, int(ttl_s * 1000))


def _spelled(write: Write) -> tuple[bytes, int]:
    match write:
        case None:
            return b"d", 0
        case Add(member):
            return b"a" + member, 0
        case Remove(member):
            return b"r" + member, 0
        case Put(value, ttl_s):
            return b"v" + value, 0 if ttl_s is None else milliseconds(ttl_s)
