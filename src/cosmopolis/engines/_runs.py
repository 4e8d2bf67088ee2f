"""Sorted runs of pairs: made from a buffer of records, kept in memory or on disk, merged at the end.

A run is a list of chunks that follow one another; each holds whole pairs, as keys with counts by class.
Merging works through the chunks from the lowest pair up, so that what it needs at once does not grow with
the runs.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cosmopolis.engines import _pairs
from cosmopolis.errors import FormatError

CACHE_EVENTS = 1 << 17
"""Pair events that are sorted at a time: with their spare copy 2 MiB, the second-level cache of a core."""

_KEY_BITS = 64
_TOTAL_COLUMNS = 5  # group, city, count, shared, units
_TASK_WORDS = 1 << 21


class Chunk(NamedTuple):
    """Keys, ascending, and how many events each stands for; whole pairs only."""

    keys: NDArray[np.uint64]
    counts: NDArray[np.uint32]


_Job = Future[tuple[Chunk, NDArray[np.int64]]]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What the codes of keys stand for.

    Attributes
    ----------
    groups, cities
        Codes of the records' groups and cities, in the order of their labels: a key holds places in these.
    sizes
        Number of cities of a record, by class, ascending.
    """

    groups: NDArray[np.int64]
    cities: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def city_bits(self) -> int:
        """Width of a city in a key."""
        return max(1, int(len(self.cities) - 1).bit_length())

    @property
    def class_bits(self) -> int:
        """Width of a class in a key."""
        return max(1, int(len(self.sizes) - 1).bit_length())

    def check(self) -> None:
        """Raise `FormatError` if a key does not fit in 64 bits."""
        group_bits = int(max(0, len(self.groups) - 1)).bit_length()
        bits = group_bits + 2 * self.city_bits + self.class_bits
        if bits > _KEY_BITS:
            raise FormatError(
                f"got {len(self.groups)} pairs of field and year, {len(self.cities)} cities and "
                f"{len(self.sizes)} different numbers of cities in a record: a key of {bits} bits, but it "
                f"has {_KEY_BITS}; project fewer fields and years at a time"
            )


@dataclass(kw_only=True)
class Run:
    """A sorted run of pairs; `spill` moves it to a file."""

    layout: Layout
    chunks: list[Chunk]
    file: Path | None = None
    spans: list[int] = field(default_factory=list)

    @property
    def bytes_held(self) -> int:
        """Memory of the chunks."""
        return sum(chunk.keys.nbytes + chunk.counts.nbytes for chunk in self.chunks)

    def spill(self, file: Path) -> None:
        """Write the chunks to a file and forget them."""
        with file.open("wb") as target:
            for chunk in self.chunks:
                chunk.keys.tofile(target)
                chunk.counts.tofile(target)
                self.spans.append(len(chunk.keys))
        self.file, self.chunks = file, []

    def read(self) -> Iterator[Chunk]:
        """Yield the chunks in order; those in memory are given away and not kept."""
        if self.file is None:
            self.chunks.reverse()
            while self.chunks:
                yield self.chunks.pop()
            return
        with self.file.open("rb") as source:
            for span in self.spans:
                yield Chunk(np.fromfile(source, np.uint64, span), np.fromfile(source, np.uint32, span))


class _Space:
    """Working space of one thread."""

    def __init__(self, cities: int) -> None:
        self.totals = np.zeros((cities, 3), np.int64)
        self.touched = np.empty(cities, np.uint32)
        self.keys = np.empty(CACHE_EVENTS, np.uint64)
        self.spare = np.empty(CACHE_EVENTS, np.uint64)
        self.out_keys = np.empty(CACHE_EVENTS, np.uint64)
        self.out_counts = np.empty(CACHE_EVENTS, np.uint32)


def rank_of(order: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Return the place of each code in an order of codes."""
    rank = np.empty(len(order), np.uint32)
    rank[order] = np.arange(len(order), dtype=np.uint32)
    return rank


class RunMaker:
    """Makes one run from a buffer of records, on some threads.

    Parameters
    ----------
    words, edges
        Records as `_grouping` writes them, and the places where some of them begin, from 0 to the end; one
        thread takes one stretch.
    groups, cities
        Codes in the order of their labels.
    largest
        Most cities of a record.
    cap
        Most cities of a record that makes pairs.
    total_units
        Units of Σ 1/n by number of cities.
    """

    def __init__(
        self,
        words: NDArray[np.uint32],
        edges: Sequence[int],
        *,
        groups: NDArray[np.int64],
        cities: NDArray[np.int64],
        largest: int,
        cap: int,
        total_units: Callable[[NDArray[np.int64]], NDArray[np.int64]],
        pool: ThreadPoolExecutor,
    ) -> None:
        self.pool, self.cap = pool, cap
        self.stretches = [(a, b) for a, b in itertools.pairwise(edges) if b > a]
        group_rank, city_rank = rank_of(groups), rank_of(cities)
        shape = (len(self.stretches), len(groups))
        sizes, events = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        seen = np.zeros((len(self.stretches), largest + 1), np.uint8)
        self._each(lambda t, a, b: _pairs.measure(words, a, b, group_rank, cap, sizes[t], events[t], seen[t]))
        present = np.flatnonzero(seen.any(axis=0))
        self.layout = Layout(groups=groups, cities=cities, sizes=present)
        self.layout.check()
        self.classes = np.zeros(largest + 1, np.int32)
        self.classes[present] = np.arange(len(present), dtype=np.int32)
        self.units = total_units(present)
        self.events = events.sum(axis=0)
        self.starts = np.concatenate([[0], np.cumsum(sizes.sum(axis=0))])
        self.begins = self.starts[:-1] + np.cumsum(sizes, axis=0) - sizes
        self.words = np.empty(int(self.starts[-1]), np.uint32)
        cursors = self.begins.copy()
        self._each(lambda t, a, b: _pairs.gather(words, a, b, group_rank, city_rank, cursors[t], self.words))
        self.spaces: SimpleQueue[_Space] = SimpleQueue()
        for _ in range(pool._max_workers):  # noqa: SLF001 - one space a thread
            self.spaces.put(_Space(len(cities)))

    def _each(self, work: Callable[[int, int, int], object]) -> None:
        """Do some work on every stretch of the buffer."""
        jobs = [self.pool.submit(work, t, a, b) for t, (a, b) in enumerate(self.stretches)]
        for job in jobs:
            job.result()

    @contextlib.contextmanager
    def _space(self) -> Iterator[_Space]:
        """Lend a working space."""
        space = self.spaces.get()
        try:
            yield space
        finally:
            self.spaces.put(space)

    def tasks(self) -> Iterator[tuple[int, int]]:
        """Cut the groups into stretches that fit in the cache; a group that does not stands alone."""
        first, events, words = 0, 0, 0
        sizes = np.diff(self.starts)
        for group, (its_events, its_words) in enumerate(
            zip(self.events.tolist(), sizes.tolist(), strict=True)
        ):
            if group > first and (events + its_events > CACHE_EVENTS or words + its_words > _TASK_WORDS):
                yield first, group
                first, events, words = group, 0, 0
            events, words = events + its_events, words + its_words
        if len(sizes):
            yield first, len(sizes)

    def make(self) -> tuple[Run, NDArray[np.int64]]:
        """Return the run, and the totals as rows of group, city, count, shared and units."""
        jobs: list[_Job] = []
        for first, stop in self.tasks():
            if self.events[first] > CACHE_EVENTS:
                jobs.extend(self._large(first))
            else:
                jobs.append(self.pool.submit(self._small, first, stop))
        chunks, totals = [], []
        for job in jobs:
            chunk, its_totals = job.result()
            if len(chunk.keys):
                chunks.append(chunk)
            if len(its_totals):
                totals.append(its_totals)
        joined = np.concatenate(totals) if totals else np.empty((0, _TOTAL_COLUMNS), np.int64)
        return Run(layout=self.layout, chunks=chunks), joined

    def _small(self, first: int, stop: int) -> tuple[Chunk, NDArray[np.int64]]:
        """Project groups that fit in the cache."""
        words = int(self.starts[stop] - self.starts[first])
        most = min(words, (stop - first) * len(self.layout.cities))
        out_totals = np.empty((most, _TOTAL_COLUMNS), np.int64)
        with self._space() as space:
            pairs, cities = _pairs.project_groups(
                self.words,
                self.starts,
                first,
                stop,
                self.layout.city_bits,
                self.layout.class_bits,
                self.classes,
                self.units,
                self.cap,
                space.totals,
                space.touched,
                space.keys,
                space.spare,
                space.out_keys,
                space.out_counts,
                out_totals,
            )
            chunk = Chunk(space.out_keys[:pairs].copy(), space.out_counts[:pairs].copy())
        return chunk, out_totals[:cities].copy()

    def _large(self, group: int) -> list[_Job]:
        """Project one group that does not fit in the cache: its pairs are dealt out by origin first."""
        begins = [int(row[group]) for row in self.begins] + [int(self.starts[group + 1])]
        cities = len(self.layout.cities)
        totals = np.zeros((len(self.stretches), cities, 3), np.int64)
        events = np.zeros((len(self.stretches), cities), np.int64)
        self._each(
            lambda t, _a, _b: _pairs.survey(
                self.words, begins[t], begins[t + 1], self.classes, self.units, self.cap, totals[t], events[t]
            )
        )
        every = events.sum(axis=0)
        part = ((np.cumsum(every) - every) // CACHE_EVENTS).astype(np.int32)
        parts = int(part[-1]) + 1
        by_part = np.stack([np.bincount(part, row, parts).astype(np.int64) for row in events])
        ends = np.cumsum(by_part.sum(axis=0))
        cursors = (ends - by_part.sum(axis=0)) + np.cumsum(by_part, axis=0) - by_part
        keys = np.empty(int(ends[-1]), np.uint64)
        layout = self.layout
        self._each(
            lambda t, _a, _b: _pairs.deal(
                self.words,
                begins[t],
                begins[t + 1],
                layout.city_bits,
                layout.class_bits,
                self.classes,
                self.cap,
                part,
                cursors[t],
                keys,
            )
        )
        total = totals.sum(axis=0)
        touched = np.flatnonzero(total[:, 0])
        rows = np.column_stack([np.full(len(touched), group, np.int64), touched, total[touched]])
        prefix = np.uint64(group << (layout.class_bits + 2 * layout.city_bits))
        jobs: list[_Job] = []
        for p, end in enumerate(ends.tolist()):
            start = end - int(by_part[:, p].sum())
            if end > start:
                jobs.append(
                    self.pool.submit(self._part, keys[start:end], prefix, rows if not jobs else rows[:0])
                )
        return jobs

    def _part(
        self, keys: NDArray[np.uint64], prefix: np.uint64, totals: NDArray[np.int64]
    ) -> tuple[Chunk, NDArray[np.int64]]:
        """Sort and count one part of a large group."""
        bits = self.layout.class_bits + 2 * self.layout.city_bits
        out_keys, out_counts = np.empty(len(keys), np.uint64), np.empty(len(keys), np.uint32)
        pairs = _pairs.count_part(keys, np.empty_like(keys), bits, prefix, out_keys, out_counts)
        return Chunk(out_keys[:pairs].copy(), out_counts[:pairs].copy()), totals


def merged(runs: Sequence[Run], layout: Layout) -> Iterator[list[Chunk]]:
    """Yield, from the lowest pair up, lists of sorted chunks whose pairs stand in no other list."""
    if len(runs) == 1 and _same(runs[0].layout, layout):
        for chunk in runs[0].read():
            yield [chunk]
        return
    streams = [_relabelled(run, layout) for run in runs]
    heads: list[Chunk | None] = [next(stream, None) for stream in streams]
    shift = np.uint64(layout.class_bits)
    while any(head is not None for head in heads):
        safe = min(head.keys[-1] >> shift for head in heads if head is not None)
        bound = ((safe + np.uint64(1)) << shift) - np.uint64(
            1
        )  # the last key of that pair, also if it is 2⁶⁴ − 1
        taken = []
        for k, head in enumerate(heads):
            if head is None:
                continue
            cut = int(np.searchsorted(head.keys, bound, side="right"))
            if cut:
                taken.append(Chunk(head.keys[:cut], head.counts[:cut]))
            rest = Chunk(head.keys[cut:], head.counts[cut:])
            heads[k] = rest if len(rest.keys) else next(streams[k], None)
        yield taken


def merge_chunks(chunks: list[Chunk]) -> Chunk:
    """Merge sorted chunks two by two; equal keys stay apart."""
    while len(chunks) > 1:
        paired = []
        for a, b in zip(chunks[::2], chunks[1::2], strict=False):
            size = len(a.keys) + len(b.keys)
            both = Chunk(np.empty(size, np.uint64), np.empty(size, np.uint32))
            _pairs.merge(a.keys, a.counts, b.keys, b.counts, both.keys, both.counts)
            paired.append(both)
        chunks = paired + (chunks[-1:] if len(chunks) % 2 else [])
    return chunks[0]


def _same(one: Layout, other: Layout) -> bool:
    """Say whether keys of one layout are keys of the other."""
    return (
        np.array_equal(one.groups, other.groups)
        and np.array_equal(one.cities, other.cities)
        and np.array_equal(one.sizes, other.sizes)
    )


def _relabelled(run: Run, layout: Layout) -> Iterator[Chunk]:
    """Yield the chunks of a run in another layout, which knows every label of its own."""
    groups = rank_of(layout.groups).astype(np.uint64)[run.layout.groups]
    cities = rank_of(layout.cities).astype(np.uint64)[run.layout.cities]
    classes = np.searchsorted(layout.sizes, run.layout.sizes).astype(np.uint64)
    widths = (run.layout.city_bits, run.layout.class_bits)
    new_widths = (layout.city_bits, layout.class_bits)
    for chunk in run.read():
        keys = np.empty_like(chunk.keys)
        _pairs.relabel(chunk.keys, widths, new_widths, groups, cities, classes, keys)
        yield Chunk(keys, chunk.counts)
