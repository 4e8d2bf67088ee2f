"""Compiled: records to sorted pairs with counts, and to city totals.

Records are brought together by group; a group's pair events are sorted while they fit in the processor's
cache and counted by pair and class, where a class is a number of cities that some record has. A key holds
group, origin, destination and class, from high bits to low. What groups, cities and classes stand for is
not known here.
"""

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from cosmopolis.engines._compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

_integer = cast("Callable[[object], int]", np.int64)  # what the compiler takes for a whole number
_DIGIT_BITS = 11
_FEW_EVENTS = 384  # below, a comparing sort is quicker than counting digits
_SHORT = 32
_TOTALS = 3  # count, shared, units


@compiled
def measure(
    words: NDArray[np.uint32],
    low: int,
    high: int,
    group_rank: NDArray[np.uint32],
    cap: int,
    sizes: NDArray[np.int64],
    events: NDArray[np.int64],
    seen: NDArray[np.uint8],
) -> None:
    """Count the words and pair events of each group, and mark which numbers of cities occur."""
    at = low
    while at < high:
        group = group_rank[words[at]]
        n = _integer(words[at + 1])
        seen[n] = 1
        sizes[group] += n + 1
        if n <= cap:
            events[group] += n * (n - 1) // 2
        at += n + 2


@compiled
def gather(
    words: NDArray[np.uint32],
    low: int,
    high: int,
    group_rank: NDArray[np.uint32],
    city_rank: NDArray[np.uint32],
    cursor: NDArray[np.int64],
    out: NDArray[np.uint32],
) -> None:
    """Copy records to their group's place as number and ascending ranks of cities; moves the cursors."""
    at = low
    while at < high:
        group = group_rank[words[at]]
        n = _integer(words[at + 1])
        place = cursor[group]
        cursor[group] = place + n + 1
        out[place] = np.uint32(n)
        place += 1
        at += 2
        if n <= _SHORT:
            for k in range(n):
                rank = city_rank[words[at + k]]
                left = place + k - 1
                while left >= place and out[left] > rank:
                    out[left + 1] = out[left]
                    left -= 1
                out[left + 1] = rank
        else:
            for k in range(n):
                out[place + k] = city_rank[words[at + k]]
            out[place : place + n].sort()
        at += n


@compiled
def _radix(keys: NDArray[np.uint64], spare: NDArray[np.uint64], size: int, bits: int) -> NDArray[np.uint64]:
    """Sort the first keys by their low bits; returns the one of the two arrays that holds them sorted."""
    if size < _FEW_EVENTS:
        if size > _SHORT:
            keys[:size].sort()
        else:
            for right in range(1, size):
                value = keys[right]
                left = right - 1
                while left >= 0 and keys[left] > value:
                    keys[left + 1] = keys[left]
                    left -= 1
                keys[left + 1] = value
        return keys
    passes = (bits + _DIGIT_BITS - 1) // _DIGIT_BITS
    digit = (bits + passes - 1) // passes
    bins = 1 << digit
    mask = np.uint64(bins - 1)
    starts = np.zeros((passes, bins), np.uint32)
    for k in range(size):
        key = keys[k]
        for p in range(passes):
            starts[p, key & mask] += np.uint32(1)
            key >>= np.uint64(digit)
    for p in range(passes):
        shift = np.uint64(p * digit)
        row = starts[p]
        total = np.uint32(0)
        for b in range(bins):
            here = row[b]
            row[b] = total
            total += here
        for k in range(size):
            key = keys[k]
            b = (key >> shift) & mask
            spare[row[b]] = key
            row[b] += np.uint32(1)
        keys, spare = spare, keys
    return keys


@compiled
def _count_sorted(
    keys: NDArray[np.uint64],
    size: int,
    prefix: np.uint64,
    out_keys: NDArray[np.uint64],
    out_counts: NDArray[np.uint32],
    at: int,
) -> int:
    """Write each distinct key with its number of events; return the next free place."""
    k = 0
    while k < size:
        key = keys[k]
        first = k
        k += 1
        while k < size and keys[k] == key:
            k += 1
        out_keys[at] = prefix | key
        out_counts[at] = np.uint32(k - first)
        at += 1
    return at


@compiled
def _write_totals(
    totals: NDArray[np.int64],
    touched: NDArray[np.uint32],
    ties: int,
    group: int,
    out: NDArray[np.int64],
    at: int,
) -> int:
    """Write group, city and totals of the touched cities in order, and clear them."""
    touched[:ties].sort()
    for k in range(ties):
        city = _integer(touched[k])
        out[at, 0] = group
        out[at, 1] = city
        for t in range(_TOTALS):
            out[at, 2 + t] = totals[city, t]
            totals[city, t] = 0
        at += 1
    return at


@compiled
def project_groups(
    words: NDArray[np.uint32],
    starts: NDArray[np.int64],
    first: int,
    stop: int,
    city_bits: int,
    class_bits: int,
    classes: NDArray[np.int32],
    units: NDArray[np.int64],
    cap: int,
    totals: NDArray[np.int64],
    touched: NDArray[np.uint32],
    keys: NDArray[np.uint64],
    spare: NDArray[np.uint64],
    out_keys: NDArray[np.uint64],
    out_counts: NDArray[np.uint32],
    out_totals: NDArray[np.int64],
) -> tuple[int, int]:
    """Project groups that are small enough for the cache; return how many pairs and totals they gave.

    Parameters
    ----------
    words, starts, first, stop
        Records by group; group g lies from `starts[g]` to `starts[g + 1]`.
    city_bits, class_bits, classes
        Widths in a key, and the class of a number of cities.
    units
        Σ 1/n of a record by class, in units.
    totals, touched
        Zeroed space for each city.
    keys, spare, out_keys, out_counts, out_totals
        Space for all pair events, and for the answer.
    """
    pairs = _integer(0)
    cities = _integer(0)
    up_j = np.uint64(class_bits)
    up_i = np.uint64(class_bits + city_bits)
    up_group = np.uint64(class_bits + 2 * city_bits)
    for group in range(first, stop):
        at = starts[group]
        high = starts[group + 1]
        size = 0
        ties = 0
        while at < high:
            n = _integer(words[at])
            at += 1
            its_class = classes[n]
            unit = units[its_class]
            shared = _integer(n > 1)
            for a in range(at, at + n):
                city = words[a]
                if totals[city, 0] == 0:
                    touched[ties] = city
                    ties += 1
                totals[city, 0] += 1
                totals[city, 1] += shared
                totals[city, 2] += unit
            if n > 1 and n <= cap:
                for a in range(at, at + n - 1):
                    base = (np.uint64(words[a]) << up_i) | np.uint64(its_class)
                    for b in range(a + 1, at + n):
                        keys[size] = base | (np.uint64(words[b]) << up_j)
                        size += 1
            at += n
        cities = _write_totals(totals, touched, ties, group, out_totals, cities)
        ordered = _radix(keys, spare, size, class_bits + 2 * city_bits)
        pairs = _count_sorted(ordered, size, np.uint64(group) << up_group, out_keys, out_counts, pairs)
    return pairs, cities


@compiled
def survey(
    words: NDArray[np.uint32],
    low: int,
    high: int,
    classes: NDArray[np.int32],
    units: NDArray[np.int64],
    cap: int,
    totals: NDArray[np.int64],
    events: NDArray[np.int64],
) -> None:
    """Add up totals of the cities of one group, and the pair events of which each is the origin."""
    at = low
    while at < high:
        n = _integer(words[at])
        at += 1
        unit = units[classes[n]]
        shared = _integer(n > 1)
        for a in range(at, at + n):
            city = words[a]
            totals[city, 0] += 1
            totals[city, 1] += shared
            totals[city, 2] += unit
            if n <= cap:
                events[city] += at + n - 1 - a
        at += n


@compiled
def deal(
    words: NDArray[np.uint32],
    low: int,
    high: int,
    city_bits: int,
    class_bits: int,
    classes: NDArray[np.int32],
    cap: int,
    part: NDArray[np.int32],
    cursor: NDArray[np.int64],
    out: NDArray[np.uint64],
) -> None:
    """Write the pair events of one group to the parts of their origins; moves the cursors."""
    up_j = np.uint64(class_bits)
    up_i = np.uint64(class_bits + city_bits)
    at = low
    while at < high:
        n = _integer(words[at])
        at += 1
        if n > 1 and n <= cap:
            for a in range(at, at + n - 1):
                city = words[a]
                base = (np.uint64(city) << up_i) | np.uint64(classes[n])
                p = part[city]
                place = cursor[p]
                for b in range(a + 1, at + n):
                    out[place] = base | (np.uint64(words[b]) << up_j)
                    place += 1
                cursor[p] = place
        at += n


@compiled
def count_part(
    keys: NDArray[np.uint64],
    spare: NDArray[np.uint64],
    bits: int,
    prefix: np.uint64,
    out_keys: NDArray[np.uint64],
    out_counts: NDArray[np.uint32],
) -> int:
    """Sort the pair events of one part and count them; return how many pairs they gave."""
    ordered = _radix(keys, spare, len(keys), bits)
    return _count_sorted(ordered, len(keys), prefix, out_keys, out_counts, 0)


@compiled
def relabel(
    keys: NDArray[np.uint64],
    widths: tuple[int, int],
    new_widths: tuple[int, int],
    groups: NDArray[np.uint64],
    cities: NDArray[np.uint64],
    classes: NDArray[np.uint64],
    out: NDArray[np.uint64],
) -> None:
    """Write keys with other codes and widths (of city and class); the order stays if the maps ascend."""
    city_bits, class_bits = np.uint64(widths[0]), np.uint64(widths[1])
    new_city, new_class = np.uint64(new_widths[0]), np.uint64(new_widths[1])
    city_mask = (np.uint64(1) << city_bits) - np.uint64(1)
    class_mask = (np.uint64(1) << class_bits) - np.uint64(1)
    for k in range(len(keys)):
        key = keys[k]
        its_class = classes[key & class_mask]
        key >>= class_bits
        j = cities[key & city_mask]
        key >>= city_bits
        i = cities[key & city_mask]
        key = (groups[key >> city_bits] << new_city) | i
        out[k] = (((key << new_city) | j) << new_class) | its_class


@compiled
def merge(
    a_keys: NDArray[np.uint64],
    a_counts: NDArray[np.uint32],
    b_keys: NDArray[np.uint64],
    b_counts: NDArray[np.uint32],
    out_keys: NDArray[np.uint64],
    out_counts: NDArray[np.uint32],
) -> None:
    """Merge two sorted lists of keys with counts; equal keys stay apart."""
    a, b = 0, 0
    for k in range(len(out_keys)):
        if b == len(b_keys) or (a < len(a_keys) and a_keys[a] <= b_keys[b]):
            out_keys[k] = a_keys[a]
            out_counts[k] = a_counts[a]
            a += 1
        else:
            out_keys[k] = b_keys[b]
            out_counts[k] = b_counts[b]
            b += 1


@compiled
def settle(
    keys: NDArray[np.uint64],
    counts: NDArray[np.uint32],
    city_bits: int,
    class_bits: int,
    fractional: NDArray[np.int64],
    refined: NDArray[np.int64],
    limit: int,
    out_codes: NDArray[np.uint32],
    out_sums: NDArray[np.int64],
) -> int:
    """Add up the classes of each pair; return how many pairs there are, −1 if a count exceeds a limit.

    `out_codes` takes group, origin and destination, `out_sums` count, fractional and refined units, each as
    three rows.
    """
    shift = np.uint64(class_bits)
    class_mask = (np.uint64(1) << shift) - np.uint64(1)
    city_shift = np.uint64(city_bits)
    city_mask = (np.uint64(1) << city_shift) - np.uint64(1)
    pairs = 0
    k = 0
    while k < len(keys):
        pair = keys[k] >> shift
        count, whole, part = _integer(0), _integer(0), _integer(0)
        while k < len(keys) and keys[k] >> shift == pair:
            its_class = keys[k] & class_mask
            times = _integer(counts[k])
            count += times
            if count > limit:
                return -1
            whole += times * fractional[its_class]
            part += times * refined[its_class]
            k += 1
        out_sums[0, pairs] = count
        out_sums[1, pairs] = whole
        out_sums[2, pairs] = part
        out_codes[2, pairs] = np.uint32(pair & city_mask)
        out_codes[1, pairs] = np.uint32((pair >> city_shift) & city_mask)
        out_codes[0, pairs] = np.uint32(pair >> (city_shift + city_shift))
        pairs += 1
    return pairs
