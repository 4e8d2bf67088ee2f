"""Compiled: rows to records, which are laid down group by group as they are read.

Rows come in batches of any size in which items never descend, so that the rows of an item lie together; an
item that is cut by the end of a batch is carried over to the next. A record is written as its number of
cities and their codes, into a block of its group: blocks of all groups lie in one arena, in the order in
which they were opened. What a code stands for is not known here.
"""

import numpy as np
from numpy.typing import NDArray

from cosmopolis.engines._compiled import compiled

HELD, LAST, FREE, BLOCKS, GROUPS, CITIES, RECORDS, SINGLES, CAPPED, EVENTS, STATUS = range(11)
"""Places of the state: rows held back and their item; next free word; how many blocks, groups, cities;
records, those with one city, those above the cap; pair events; why reading stopped."""

DONE, DESCENDS, FULL, CROWDED = range(4)
"""Reasons to stop: all is read, items descend, no room for the item held, a table is half full."""

TAIL, END, BLOCK, GROUP_EVENTS = range(4)
"""Places of a group: next free word and end of its open block, number of that block, its pair events."""

BLOCK_GROUP, BLOCK_START, BLOCK_STOP = range(3)
"""Places of a block: its group, where it starts, where its records stop."""

YEAR_ZERO = 1 << 31
"""Years are counted from here on in the key of a group, so that those before our era are ≥ 0 too."""

_FIRST_BLOCK = 32
_LAST_BLOCK = 4096
_SHORT = 32  # up to here sorting by insertion is quickest
_HASH = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@compiled
def refill(
    keys: NDArray[np.int64],
    codes: NDArray[np.int32],
    new_keys: NDArray[np.int64],
    new_codes: NDArray[np.int32],
) -> None:
    """Put the entries of a hash table into a larger one, whose codes are all −1."""
    mask = np.uint64(len(new_keys) - 1)
    for old in range(len(keys)):
        if codes[old] >= 0:
            slot = ((np.uint64(keys[old]) * _HASH) >> _SHIFT) & mask
            while new_codes[slot] >= 0:
                slot = (slot + np.uint64(1)) & mask
            new_codes[slot] = codes[old]
            new_keys[slot] = keys[old]


@compiled
def read_rows(  # noqa: C901, PLR0912, PLR0915 - a call for each item would take most of the time
    items: NDArray[np.int64],
    groups: tuple[NDArray[np.int64], NDArray[np.int32]],
    cities: NDArray[np.int64],
    row: int,
    segment: NDArray[np.uint64],
    arena: NDArray[np.uint32],
    tails: NDArray[np.int64],
    blocks: NDArray[np.int64],
    group_table: tuple[NDArray[np.int64], NDArray[np.int32]],
    city_table: tuple[NDArray[np.int64], NDArray[np.int32]],
    seen: NDArray[np.uint8],
    cap: int,
    state: NDArray[np.int64],
    finish: bool,  # noqa: FBT001
) -> int:
    """Read rows from `row` on and write the records of all items but the last, which is held back.

    Parameters
    ----------
    items, groups, cities
        The rows of the batch; a group is a year (within ±2³¹) and the code of a field.
    segment
        The rows held back; there is room for those of the batch besides.
    arena, tails, blocks
        Words of records; the open block of each group; all blocks.
    group_table, city_table
        Open hash tables of keys and codes (−1 where free), a power of two of slots.
    seen
        Numbers of cities that records have are marked.
    cap
        Most cities that a record may have and still make pairs.
    state
        Counted up in place; `STATUS` says why reading stopped.
    finish
        Write the last item too.

    Returns
    -------
    row
        The first row that was not read.
    """
    years, fields = groups
    group_keys, group_codes = group_table
    city_keys, city_codes = city_table
    group_mask = np.uint64(len(group_keys) - 1)
    city_mask = np.uint64(len(city_keys) - 1)
    held, last = state[HELD], state[LAST]
    free, room = state[FREE], len(arena)
    known_groups, known_cities = state[GROUPS], state[CITIES]
    records, singles, events = state[RECORDS], state[SINGLES], state[EVENTS]
    group_key, group = np.int64(-1), np.uint64(0)
    rows = len(items)
    status = DONE
    while True:
        if row < rows:
            item = items[row]
        elif not finish:
            break
        else:
            item = last
        if held > 0 and (item != last or row == rows):
            if item < last:
                status = DESCENDS
                break
            if room - free < 2 * held:
                status = FULL
                break
            if held == 2:  # noqa: PLR2004 - nearly all items are of one row or two
                one, other = segment[0], segment[1]
                segment[0] = min(one, other)
                segment[1] = max(one, other)
            elif held == 3:  # noqa: PLR2004
                one, other = min(segment[0], segment[1]), max(segment[0], segment[1])
                least, third = min(one, segment[2]), max(one, segment[2])
                segment[0] = least
                segment[1] = min(other, third)
                segment[2] = max(other, third)
            elif held > _SHORT:
                segment[:held].sort()
            else:
                for right in range(1, held):
                    value = segment[right]
                    left = right - 1
                    while left >= 0 and segment[left] > value:
                        segment[left + 1] = segment[left]
                        left -= 1
                    segment[left + 1] = value
            k = 0
            while k < held:
                first = segment[k]
                its_group = np.int64(first >> _SHIFT)
                end = held
                if np.int64(segment[held - 1] >> _SHIFT) != its_group:
                    end = k + 1
                    while np.int64(segment[end] >> _SHIFT) == its_group:
                        end += 1
                at = tails[its_group, TAIL]
                if tails[its_group, END] - at <= end - k:
                    before = tails[its_group, BLOCK]
                    size = _FIRST_BLOCK
                    if before >= 0:
                        blocks[before, BLOCK_STOP] = at
                        size = min(_LAST_BLOCK, 2 * (tails[its_group, END] - blocks[before, BLOCK_START]))
                    size = max(end - k + 1, min(size, room - free - 2 * (held - end)))
                    block = state[BLOCKS]
                    state[BLOCKS] = block + 1
                    blocks[block, BLOCK_GROUP] = its_group
                    blocks[block, BLOCK_START] = free
                    tails[its_group, BLOCK] = block
                    tails[its_group, END] = free + size
                    at = free
                    free += size
                head = at
                at += 1
                arena[at] = np.uint32(first & _LOW)
                at += 1
                for other in range(k + 1, end):  # a city named again is overwritten by the next
                    arena[at] = np.uint32(segment[other] & _LOW)
                    at += segment[other] != segment[other - 1]
                n = at - head - 1
                arena[head] = np.uint32(n)
                tails[its_group, TAIL] = at
                seen[n] = 1
                records += 1
                if n == 1:
                    singles += 1
                elif n > cap:
                    state[CAPPED] += 1
                else:
                    pairs = n * (n - 1) // 2
                    events += pairs
                    tails[its_group, GROUP_EVENTS] += pairs
                k = end
            held = 0
        if row == rows:
            break
        key = (np.int64(fields[row]) << 32) | (years[row] + YEAR_ZERO)
        if key != group_key:
            slot = ((np.uint64(key) * _HASH) >> _SHIFT) & group_mask
            while group_codes[slot] >= 0 and group_keys[slot] != key:
                slot = (slot + np.uint64(1)) & group_mask
            if group_codes[slot] < 0:
                if 2 * known_groups >= len(group_keys):
                    status = CROWDED
                    break
                group_keys[slot] = key
                group_codes[slot] = known_groups
                known_groups += 1
            group = np.uint64(group_codes[slot])
            group_key = key
        city = cities[row]
        slot = ((np.uint64(city) * _HASH) >> _SHIFT) & city_mask
        while city_codes[slot] >= 0 and city_keys[slot] != city:
            slot = (slot + np.uint64(1)) & city_mask
        if city_codes[slot] < 0:
            if 2 * known_cities >= len(city_keys):
                status = CROWDED
                break
            city_keys[slot] = city
            city_codes[slot] = known_cities
            known_cities += 1
        segment[held] = (group << _SHIFT) | np.uint64(city_codes[slot])
        held += 1
        last = item
        row += 1
    state[HELD], state[LAST], state[FREE] = held, last, free
    state[GROUPS], state[CITIES] = known_groups, known_cities
    state[RECORDS], state[SINGLES], state[EVENTS] = records, singles, events
    state[STATUS] = status
    return row
