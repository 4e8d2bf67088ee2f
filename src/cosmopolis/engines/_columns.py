"""Codes for the values of Arrow columns: each distinct value gets the number of those seen before it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cosmopolis.errors import FormatError


def is_text(kind: pa.DataType) -> bool:
    """Say whether a column holds texts, written out or coded."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def integers(column: pa.Array, name: str) -> NDArray[np.int64]:
    """Return a column without gaps as 64-bit integers."""
    if not pa.types.is_integer(column.type):
        raise FormatError(f"column {name!r} is {column.type}, expected whole numbers")
    try:
        values: NDArray[np.int64] = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid as error:
        raise FormatError(f"column {name!r} has a number that is not below 2⁶³: {error}") from error
    return values


def text_order(labels: list[str]) -> NDArray[np.int64]:
    """Return the places of texts in the order of code points, which is also that of UTF-8."""
    return np.array(sorted(range(len(labels)), key=labels.__getitem__), np.int64)


class TextCodes:
    """Codes of texts."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, column: pa.Array) -> NDArray[np.int32]:
        """Return the code of each text of a column without gaps."""
        coded = column
        if not pa.types.is_dictionary(column.type):
            coded = column.cast(pa.large_string()) if pa.types.is_string_view(column.type) else column
            coded = coded.dictionary_encode()
        known = self._codes
        values = coded.dictionary.to_pylist()
        used = np.zeros(len(values), np.bool_)
        places = coded.indices.to_numpy(zero_copy_only=False)
        used[places] = True
        new = np.array(
            [
                known.setdefault(v, len(known)) if u else -1
                for v, u in zip(values, used.tolist(), strict=True)
            ],
            np.int32,
        )
        return new[places] if len(new) else np.empty(0, np.int32)

    def labels(self) -> list[str]:
        """Return the texts in the order of their codes."""
        return list(self._codes)


class TextItems:
    """Numbers for ascending texts of items: one more wherever the text changes."""

    def __init__(self) -> None:
        self._last: pa.Scalar | None = None
        self._number = 0

    def number(self, column: pa.Array) -> NDArray[np.int64] | None:
        """Return a number for each row of a column without gaps, `None` if the texts descend."""
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if not pa.types.is_large_string(column.type):
            column = column.cast(pa.large_string())
        if len(column) == 0:
            return np.empty(0, np.int64)
        first = column[0] if self._last is None else self._last
        before = pa.concat_arrays([pa.array([first], pa.large_string()), column[:-1]])
        if pc.any(pc.less(column, before)).as_py():
            return None
        steps = pc.not_equal(column, before).to_numpy(zero_copy_only=False)
        numbers = self._number + np.cumsum(steps, dtype=np.int64)
        self._last, self._number = column[-1], int(numbers[-1])
        return numbers
