"""Records in memory, as they are read: what `_grouping` fills and empties, with the tables that it needs."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cosmopolis.engines import _grouping as g
from cosmopolis.engines.projection import UnsortedItemsError

_Number = TypeVar("_Number", np.int32, np.int64)

_FIRST_SLOTS = 1 << 12
_STATES = 11


def _frozen(values: NDArray[_Number]) -> NDArray[_Number]:
    """Return a view that cannot be written, as columns of Arrow are: one kind of array, compiled once."""
    view = values.view()
    view.flags.writeable = False
    return view


class Table:
    """An open hash table: a code for each whole number, in the order of their coming."""

    def __init__(self) -> None:
        self.keys = np.zeros(_FIRST_SLOTS, np.int64)
        self.codes = np.full(_FIRST_SLOTS, -1, np.int32)

    @property
    def is_crowded(self) -> bool:
        """Whether no more entries may come in before it grows."""
        return 2 * int(self.codes.max() + 1) >= len(self.codes)

    def grow(self) -> None:
        """Make room for more entries."""
        keys = np.zeros(4 * len(self.keys), np.int64)
        codes = np.full(len(keys), -1, np.int32)
        g.refill(self.keys, self.codes, keys, codes)
        self.keys, self.codes = keys, codes

    def labels(self) -> NDArray[np.int64]:
        """Return the numbers in the order of their codes."""
        full = self.codes >= 0
        labels = np.empty(int(full.sum()), np.int64)
        labels[self.codes[full]] = self.keys[full]
        return labels


class Records:
    """Reads rows into records until they are taken away.

    Parameters
    ----------
    cap
        Most cities that a record may have and still make pairs.
    words
        Room for records: one word for each, and one for each of its cities.
    flush
        Called when there is no more room; it must call `clear`.
    """

    def __init__(self, *, cap: int, words: int, flush: Callable[[], None]) -> None:
        self.cap, self.flush = cap, flush
        self.arena = np.empty(words, np.uint32)  # the system gives memory as it is touched
        self.state = np.zeros(_STATES, np.int64)
        self.groups, self.cities = Table(), Table()
        self.segment = np.empty(0, np.uint64)
        self.blocks = np.empty((0, 3), np.int64)
        self.tails = np.empty((0, 4), np.int64)
        self.seen = np.zeros(len(self.cities.keys), np.uint8)
        self.clear()

    def clear(self) -> None:
        """Forget the records; groups, cities and the item held back stay."""
        self.state[g.FREE] = self.state[g.BLOCKS] = 0
        self.tails = self._no_tails(len(self.groups.keys))
        self.seen[:] = 0

    @staticmethod
    def _no_tails(size: int) -> NDArray[np.int64]:
        tails = np.zeros((size, 4), np.int64)
        tails[:, g.BLOCK] = -1
        return tails

    def read(
        self,
        items: NDArray[np.int64],
        years: NDArray[np.int64],
        fields: NDArray[np.int32],
        cities: NDArray[np.int64],
        *,
        finish: bool = False,
    ) -> None:
        """Read a batch of rows; `finish` ends the last item.

        Raises
        ------
        UnsortedItemsError
            If an item is less than the one before it.
        """
        row = 0
        while True:
            self._make_room(len(items) - row)
            row = g.read_rows(
                _frozen(items),
                (_frozen(years), _frozen(fields)),
                _frozen(cities),
                row,
                self.segment,
                self.arena,
                self.tails,
                self.blocks,
                (self.groups.keys, self.groups.codes),
                (self.cities.keys, self.cities.codes),
                self.seen,
                self.cap,
                self.state,
                finish,
            )
            status = int(self.state[g.STATUS])
            if status == g.DONE:
                return
            if status == g.DESCENDS:
                raise UnsortedItemsError("the items descend, so that the rows of one may lie apart")
            if status == g.FULL:
                self._empty()
            else:
                self._grow()

    def _make_room(self, rows: int) -> None:
        """Make sure that what the rows can open at most has its place."""
        held, blocks = int(self.state[g.HELD]), int(self.state[g.BLOCKS])
        if len(self.segment) < held + rows:
            self.segment = np.concatenate([self.segment[:held], np.empty(rows, np.uint64)])
        if len(self.blocks) < blocks + held + rows:
            more = np.empty((len(self.blocks) + held + rows, 3), np.int64)
            more[:blocks] = self.blocks[:blocks]
            self.blocks = more

    def _empty(self) -> None:
        """Have the records taken away; an item larger than all room gets more."""
        if self.state[g.BLOCKS]:
            self.flush()
        wanted = 2 * int(self.state[g.HELD])
        if wanted > len(self.arena):
            self.arena = np.empty(wanted, np.uint32)

    def _grow(self) -> None:
        """Let the tables that are half full grow, and what goes by their size."""
        for table in (self.groups, self.cities):
            if table.is_crowded:
                table.grow()
        tails = self._no_tails(len(self.groups.keys))
        tails[: len(self.tails)] = self.tails
        seen = np.zeros(len(self.cities.keys), np.uint8)
        seen[: len(self.seen)] = self.seen
        self.tails, self.seen = tails, seen

    @property
    def used_blocks(self) -> NDArray[np.int64]:
        """The blocks, each with its group, start and stop."""
        blocks = self.blocks[: self.state[g.BLOCKS]]
        open_blocks = self.tails[:, g.BLOCK] >= 0
        blocks[self.tails[open_blocks, g.BLOCK], g.BLOCK_STOP] = self.tails[open_blocks, g.TAIL]
        return blocks

    @property
    def group_events(self) -> NDArray[np.int64]:
        """The pair events of each group, by its code."""
        return self.tails[: self.state[g.GROUPS], g.GROUP_EVENTS]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The numbers of cities that records have, ascending."""
        return np.flatnonzero(self.seen)

    def group_parts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the code of the field and the year of each group, by its code."""
        labels = self.groups.labels()
        return labels >> 32, (labels & 0xFFFFFFFF) - g.YEAR_ZERO
