"""Sorted runs of pairs: made from a buffer of records, kept in memory or on disk, merged at the end.

A run is a list of chunks that follow one another; each holds whole pairs, as keys with counts by class.
Merging works through the chunks from the lowest pair up, so that what it needs at once does not grow with
the runs.
"""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cosmopolis.engines import _grouping, _pairs
from cosmopolis.errors import FormatError

CACHE_EVENTS = 1 << 17
"""Pair events that are sorted at a time: with their spare copy 2 MiB, the second-level cache of a core."""

_KEY_BITS = 64
_TOTAL_COLUMNS = 5  # group, city, count, shared, units
_TASK_WORDS = 1 << 21


class Chunk(NamedTuple):
    """Keys, ascending, how many events each stands for, and how many pairs they are; whole pairs only."""

    keys: NDArray[np.uint64]
    counts: NDArray[np.uint32]
    pairs: int


_Answer = tuple[Chunk, NDArray[np.int64]]
_Job = Future[_Answer]


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

    @property
    def widths(self) -> tuple[int, int]:
        """Widths of a city and of a class."""
        return self.city_bits, self.class_bits

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
    spans: list[tuple[int, int]] = field(default_factory=list)

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
                self.spans.append((len(chunk.keys), chunk.pairs))
        self.file, self.chunks = file, []

    def read(self) -> Iterator[Chunk]:
        """Yield the chunks in order; those in memory are given away and not kept."""
        if self.file is None:
            self.chunks.reverse()
            while self.chunks:
                yield self.chunks.pop()
            return
        with self.file.open("rb") as source:
            for size, pairs in self.spans:
                yield Chunk(np.fromfile(source, np.uint64, size), np.fromfile(source, np.uint32, size), pairs)


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
    """Makes one run from records, on the threads of a pool.

    Parameters
    ----------
    words, blocks, events
        Records as `_grouping` lays them down, their blocks, and the pair events of each group. The cities in
        the words are replaced by their ranks.
    groups, cities
        Codes in the order of their labels.
    sizes
        Numbers of cities that records have, ascending.
    cap
        Most cities of a record that makes pairs.
    total_units
        Units of 1/n for the numbers of cities.
    pool, threads
        Where the work is done.
    """

    def __init__(
        self,
        words: NDArray[np.uint32],
        blocks: NDArray[np.int64],
        events: NDArray[np.int64],
        *,
        groups: NDArray[np.int64],
        cities: NDArray[np.int64],
        sizes: NDArray[np.int64],
        cap: int,
        total_units: NDArray[np.int64],
        pool: ThreadPoolExecutor,
        threads: int,
    ) -> None:
        self.words, self.cap, self.units = words, cap, total_units
        self.pool, self.threads = pool, threads
        self.layout = Layout(groups=groups, cities=cities, sizes=sizes)
        self.layout.check()
        self.city_rank = rank_of(cities)
        self.classes = np.zeros(int(sizes[-1]) + 1, np.int32)
        self.classes[sizes] = np.arange(len(sizes), dtype=np.int32)
        self.events = events[groups]
        its_group = rank_of(groups)[blocks[:, _grouping.BLOCK_GROUP]]
        order = np.argsort(its_group, kind="stable")
        self.spans = np.ascontiguousarray(blocks[order][:, [_grouping.BLOCK_START, _grouping.BLOCK_STOP]])
        self.starts = np.searchsorted(its_group[order], np.arange(len(groups) + 1)).astype(np.int64)
        lengths = np.concatenate([[0], np.cumsum(self.spans[:, 1] - self.spans[:, 0])])
        self.group_words = np.diff(lengths[self.starts])
        self.spaces: SimpleQueue[_Space] = SimpleQueue()
        for _ in range(threads):
            self.spaces.put(_Space(len(cities)))

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
        sizes = zip(self.events.tolist(), self.group_words.tolist(), strict=True)
        for group, (its_events, its_words) in enumerate(sizes):
            is_full = events + its_events > CACHE_EVENTS or words + its_words > _TASK_WORDS
            if group > first and is_full:
                yield first, group
                first, events, words = group, 0, 0
            events, words = events + its_events, words + its_words
        if len(self.events):
            yield first, len(self.events)

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

    def _small(self, first: int, stop: int) -> _Answer:
        """Project groups that fit in the cache."""
        words = int(self.group_words[first:stop].sum())
        most = min(words, (stop - first) * len(self.layout.cities))
        out_totals = np.empty((most, _TOTAL_COLUMNS), np.int64)
        with self._space() as space:
            done, pairs, cities = _pairs.project_groups(
                self.words,
                self.spans,
                self.starts,
                first,
                stop,
                self.city_rank,
                self.layout.widths,
                self.classes,
                self.units,
                self.cap,
                space.totals,
                space.touched,
                (space.keys, space.spare),
                (space.out_keys, space.out_counts),
                out_totals,
            )
            chunk = Chunk(space.out_keys[:done].copy(), space.out_counts[:done].copy(), pairs)
        return chunk, out_totals[:cities].copy()

    def _large(self, group: int) -> list[_Job]:
        """Project one group that does not fit in the cache: its pairs are dealt out by origin first."""
        spans = self.spans[self.starts[group] : self.starts[group + 1]]
        reach = np.cumsum(spans[:, 1] - spans[:, 0])
        cuts = np.searchsorted(reach, np.arange(1, self.threads) * int(reach[-1]) // self.threads)
        stretches = np.split(spans, cuts)
        layout, cities = self.layout, len(self.layout.cities)
        totals = np.zeros((len(stretches), cities, 3), np.int64)
        events = np.zeros((len(stretches), cities), np.int64)
        surveys = [
            self.pool.submit(
                _pairs.survey,
                self.words,
                stretch,
                self.city_rank,
                self.classes,
                self.units,
                self.cap,
                totals[t],
                events[t],
            )
            for t, stretch in enumerate(stretches)
        ]
        wait_for(surveys)
        every = events.sum(axis=0)
        part = ((np.cumsum(every) - every) // CACHE_EVENTS).astype(np.int32)
        parts = int(part[-1]) + 1
        by_part = np.stack([np.bincount(part, row, parts).astype(np.int64) for row in events])
        sizes = by_part.sum(axis=0)
        ends = np.cumsum(sizes)
        cursors = (ends - sizes) + np.cumsum(by_part, axis=0) - by_part
        keys = np.empty(int(ends[-1]), np.uint64)
        deals = [
            self.pool.submit(
                _pairs.deal,
                self.words,
                stretch,
                layout.widths,
                self.classes,
                self.cap,
                part,
                cursors[t],
                keys,
            )
            for t, stretch in enumerate(stretches)
        ]
        wait_for(deals)
        total = totals.sum(axis=0)
        touched = np.flatnonzero(total[:, 0])
        rows = np.column_stack([np.full(len(touched), group, np.int64), touched, total[touched]])
        prefix = np.uint64(group << (layout.class_bits + 2 * layout.city_bits))
        jobs: list[_Job] = []
        for size, end in zip(sizes.tolist(), ends.tolist(), strict=True):
            if size:
                its_totals = rows[:0] if jobs else rows
                jobs.append(self.pool.submit(self._part, keys[end - size : end], prefix, its_totals))
        return jobs

    def _part(self, keys: NDArray[np.uint64], prefix: np.uint64, totals: NDArray[np.int64]) -> _Answer:
        """Sort and count one part of a large group."""
        out = (np.empty(len(keys), np.uint64), np.empty(len(keys), np.uint32))
        done, pairs = _pairs.count_part(keys, np.empty_like(keys), self.layout.widths, prefix, out)
        return Chunk(out[0][:done].copy(), out[1][:done].copy(), pairs), totals


def wait_for(jobs: Sequence[Future[None]]) -> None:
    """Wait until all are done; the first error of any is raised."""
    for job in jobs:
        job.result()


def merged(runs: Sequence[Run], layout: Layout) -> Iterator[list[Chunk]]:
    """Yield, from the lowest pair up, lists of sorted chunks whose pairs stand in no other list."""
    if len(runs) == 1 and _same(runs[0].layout, layout):
        for chunk in runs[0].read():
            yield [chunk]
        return
    streams = [_relabelled(run, layout) for run in runs]
    shift = np.uint64(layout.class_bits)
    rest = np.uint64((1 << layout.class_bits) - 1)  # the last key of a pair ends in ones
    first = [(stream, next(stream, None)) for stream in streams]
    current = [(stream, head) for stream, head in first if head is not None]
    while current:
        bound = min(head.keys[-1] >> shift for _, head in current) << shift | rest
        taken, left = [], []
        for stream, head in current:
            cut = int(np.searchsorted(head.keys, bound, side="right"))
            if cut:
                taken.append(Chunk(head.keys[:cut], head.counts[:cut], 0))
            after = (
                Chunk(head.keys[cut:], head.counts[cut:], 0) if cut < len(head.keys) else next(stream, None)
            )
            if after is not None:
                left.append((stream, after))
        current = left
        yield taken


def merge_chunks(chunks: list[Chunk], class_bits: int) -> Chunk:
    """Merge sorted chunks two by two; equal keys stay apart."""
    if len(chunks) == 1 and chunks[0].pairs:
        return chunks[0]
    while len(chunks) > 1:
        paired = []
        for a, b in zip(chunks[::2], chunks[1::2], strict=False):
            size = len(a.keys) + len(b.keys)
            both = Chunk(np.empty(size, np.uint64), np.empty(size, np.uint32), 0)
            _pairs.merge(a.keys, a.counts, b.keys, b.counts, both.keys, both.counts)
            paired.append(both)
        chunks = paired + (chunks[-1:] if len(chunks) % 2 else [])
    keys, counts, _ = chunks[0]
    return Chunk(keys, counts, _pairs.count_pairs(keys, class_bits))


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
    for chunk in run.read():
        keys = np.empty_like(chunk.keys)
        _pairs.relabel(chunk.keys, run.layout.widths, layout.widths, groups, cities, classes, keys)
        yield Chunk(keys, chunk.counts, chunk.pairs)
