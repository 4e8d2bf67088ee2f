"""Compiled: records to sorted pairs with counts, and to city totals.

A group's pair events are sorted while they fit in the processor's
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
_DENSE = 16  # a walk over all cities is quicker than sorting if one in so many is touched
_TOTALS = 3  # count, shared, units


@compiled
def _rank(words: NDArray[np.uint32], at: int, n: int, city_rank: NDArray[np.uint32]) -> None:
    """Replace the cities of a record by their ranks, ascending."""
    if n > _SHORT:
        for k in range(at, at + n):
            words[k] = city_rank[words[k]]
        words[at : at + n].sort()
        return
    for k in range(at, at + n):
        rank = city_rank[words[k]]
        left = k - 1
        while left >= at and words[left] > rank:
            words[left + 1] = words[left]
            left -= 1
        words[left + 1] = rank


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
    class_bits: int,
    out_keys: NDArray[np.uint64],
    out_counts: NDArray[np.uint32],
    at: int,
) -> tuple[int, int]:
    """Write each distinct key with its number of events; return the next free place and how many pairs."""
    shift = np.uint64(class_bits)
    pairs = 0
    k = 0
    while k < size:
        key = keys[k]
        first = k
        if k == 0 or key >> shift != keys[k - 1] >> shift:
            pairs += 1
        k += 1
        while k < size and keys[k] == key:
            k += 1
        out_keys[at] = prefix | key
        out_counts[at] = np.uint32(k - first)
        at += 1
    return at, pairs


@compiled
def _write_totals(
    totals: NDArray[np.int64],
    touched: NDArray[np.uint32],
    ties: int,
    group: int,
    out: NDArray[np.int64],
    at: int,
) -> int:
    """Write group, city and totals of the touched cities in order, and clear them; return the next place."""
    cities = len(totals)
    if ties * _DENSE > cities:
        ties = 0
        for dense in range(cities):
            if totals[dense, 0]:
                touched[ties] = np.uint32(dense)
                ties += 1
    else:
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
def project_groups(  # noqa: C901 - a call for each record would take most of the time
    words: NDArray[np.uint32],
    spans: NDArray[np.int64],
    starts: NDArray[np.int64],
    first: int,
    stop: int,
    city_rank: NDArray[np.uint32],
    widths: tuple[int, int],
    classes: NDArray[np.int32],
    units: NDArray[np.int64],
    cap: int,
    totals: NDArray[np.int64],
    touched: NDArray[np.uint32],
    events: tuple[NDArray[np.uint64], NDArray[np.uint64]],
    out: tuple[NDArray[np.uint64], NDArray[np.uint32]],
    out_totals: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Project groups that are small enough for the cache.

    Parameters
    ----------
    words, spans, starts, first, stop
        Records; group g lies in the spans from `starts[g]` to `starts[g + 1]`.
    city_rank
        Place of each city in the order of labels; cities are replaced by it.
    widths, classes
        Bits of a city and of a class in a key, and the class of a number of cities.
    units
        Σ 1/n of a record by class, in units.
    cap
        Most cities that a record may have and still make pairs.
    totals, touched
        Zeroed space for each city.
    events
        Space for all pair events, twice.
    out, out_totals
        Keys and counts, and rows of group, city and totals.

    Returns
    -------
    keys, pairs, cities
        How many keys, distinct pairs and totals there are.
    """
    keys, spare = events
    out_keys, out_counts = out
    city_bits, class_bits = widths
    done, pairs, cities = _integer(0), _integer(0), _integer(0)
    up_j = np.uint64(class_bits)
    up_i = np.uint64(class_bits + city_bits)
    up_group = np.uint64(class_bits + 2 * city_bits)
    for group in range(first, stop):
        size, ties = _integer(0), _integer(0)
        for span in range(starts[group], starts[group + 1]):
            at = spans[span, 0]
            high = spans[span, 1]
            while at < high:
                n = _integer(words[at])
                at += 1
                its_class = classes[n]
                unit = units[its_class]
                if n == 1:
                    city = city_rank[words[at]]
                    if totals[city, 0] == 0:
                        touched[ties] = city
                        ties += 1
                    totals[city, 0] += 1
                    totals[city, 2] += unit
                    at += 1
                    continue
                if n == 2:  # noqa: PLR2004 - most records that make pairs
                    one, other = city_rank[words[at]], city_rank[words[at + 1]]
                    words[at] = min(one, other)
                    words[at + 1] = max(one, other)
                else:
                    _rank(words, at, n, city_rank)
                for a in range(at, at + n):
                    city = words[a]
                    if totals[city, 0] == 0:
                        touched[ties] = city
                        ties += 1
                    totals[city, 0] += 1
                    totals[city, 1] += 1
                    totals[city, 2] += unit
                if n <= cap:
                    for a in range(at, at + n - 1):
                        base = (np.uint64(words[a]) << up_i) | np.uint64(its_class)
                        for b in range(a + 1, at + n):
                            keys[size] = base | (np.uint64(words[b]) << up_j)
                            size += 1
                at += n
        cities = _write_totals(totals, touched, ties, group, out_totals, cities)
        ordered = _radix(keys, spare, size, class_bits + 2 * city_bits)
        prefix = np.uint64(group) << up_group
        done, its_pairs = _count_sorted(ordered, size, prefix, class_bits, out_keys, out_counts, done)
        pairs += its_pairs
    return done, pairs, cities


@compiled
def survey(
    words: NDArray[np.uint32],
    spans: NDArray[np.int64],
    city_rank: NDArray[np.uint32],
    classes: NDArray[np.int32],
    units: NDArray[np.int64],
    cap: int,
    totals: NDArray[np.int64],
    events: NDArray[np.int64],
) -> None:
    """Rank the cities of some records of one group; add up their totals, and the events of each origin."""
    for span in range(len(spans)):
        at = spans[span, 0]
        high = spans[span, 1]
        while at < high:
            n = _integer(words[at])
            at += 1
            unit = units[classes[n]]
            shared = _integer(n > 1)
            _rank(words, at, n, city_rank)
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
    spans: NDArray[np.int64],
    widths: tuple[int, int],
    classes: NDArray[np.int32],
    cap: int,
    part: NDArray[np.int32],
    cursor: NDArray[np.int64],
    out: NDArray[np.uint64],
) -> None:
    """Write pair events of ranked records of one group to the parts of their origins; moves the cursors."""
    city_bits, class_bits = widths
    up_j = np.uint64(class_bits)
    up_i = np.uint64(class_bits + city_bits)
    for span in range(len(spans)):
        at = spans[span, 0]
        high = spans[span, 1]
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
    widths: tuple[int, int],
    prefix: np.uint64,
    out: tuple[NDArray[np.uint64], NDArray[np.uint32]],
) -> tuple[int, int]:
    """Sort the pair events of one part and count them; return how many keys and pairs they gave."""
    city_bits, class_bits = widths
    out_keys, out_counts = out
    ordered = _radix(keys, spare, len(keys), class_bits + 2 * city_bits)
    return _count_sorted(ordered, len(keys), prefix, class_bits, out_keys, out_counts, _integer(0))


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
    widths: tuple[int, int],
    shares: tuple[NDArray[np.int64], NDArray[np.int64]],
    limit: int,
    groups: NDArray[np.uint32],
    ends: tuple[NDArray[np.uint32], NDArray[np.uint32]],
    sums: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
) -> bool:
    """Add up the classes of each pair, and take its key apart.

    `shares` are the fractional and refined units of a record by class. `groups`, `ends` (origin, destination)
    and `sums` (count, fractional, refined) take the answer. Returns whether all counts are within the limit.
    """
    city_bits, class_bits = widths
    fractional, refined = shares
    origins, destinations = ends
    out_count, out_fractional, out_refined = sums
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
                return False
            whole += times * fractional[its_class]
            part += times * refined[its_class]
            k += 1
        out_count[pairs] = count
        out_fractional[pairs] = whole
        out_refined[pairs] = part
        destinations[pairs] = np.uint32(pair & city_mask)
        origins[pairs] = np.uint32((pair >> city_shift) & city_mask)
        groups[pairs] = np.uint32(pair >> (city_shift + city_shift))
        pairs += 1
    return True


@compiled
def count_pairs(keys: NDArray[np.uint64], class_bits: int) -> int:
    """Count the distinct pairs of sorted keys."""
    shift = np.uint64(class_bits)
    pairs = 0
    for k in range(len(keys)):
        if k == 0 or keys[k] >> shift != keys[k - 1] >> shift:
            pairs += 1
    return pairs
