"""What a chapter is made of: sections, blocks, figures of one or many panels, and tables.

Plain holders of texts and drawings; the template `chapter.html` shows them. Nothing is computed here.
"""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: its head, and whether numbers stand in it."""

    label: str
    number: bool = False


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell: its text, what stands small below it, or instead of both a list."""

    text: str
    small: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: caption, columns, rows of as many cells, which column names the row, and a note below."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    head: int = 0
    note: str = ""
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One drawing of a figure with its width in pixels, and what stands above and below it."""

    drawing: Markup
    width: int
    title: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Key:
    """A line of a key: what it is about, and symbols with their texts; the symbols are only looked at."""

    title: str = ""
    entries: tuple[tuple[Markup, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A numbered figure: one drawing, or panels that share a scale.

    `shape` is `map` (a wide map that scrolls on a narrow screen), `chart` (a single chart), `maps`, `lines`
    or `small` (grids of panels that wrap). `keys` belong to all panels.
    """

    number: str
    label: str
    shape: str
    panels: tuple[Panel, ...]
    keys: tuple[Key, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Block:
    """What a section says of one subject: sentences first, then what they stand on.

    `missing` says why there is nothing to show; `beside` sets narrow tables without charts side by side.
    """

    title: str = ""
    sentences: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[Table, ...] = ()
    missing: str = ""
    beside: bool = False


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a chapter with its anchor, blocks, notes of caution and sources (ids and titles).

    Where `missing` is said, it stands for all blocks: such a section is one line. `biases` are titles of
    sources and how each leans; they stand right below the lead, which rests on them.
    """

    anchor: str
    title: str
    lead: str
    blocks: tuple[Block, ...] = ()
    cautions: tuple[str, ...] = ()
    missing: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    biases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A chapter: what it finds by subject, its sections, how many figures it has, and links to pages."""

    anchor: str
    title: str
    lead: str
    findings: tuple[tuple[str, tuple[str, ...]], ...]
    sections: tuple[Section, ...]
    sources: tuple[tuple[str, str], ...]
    figures: int
    links: tuple[tuple[str, str], ...] = ()

    @property
    def shown(self) -> tuple[Section, ...]:
        """The sections that have something to show."""
        return tuple(section for section in self.sections if not section.missing)

    @property
    def without(self) -> tuple[Section, ...]:
        """The sections without data: a line each."""
        return tuple(section for section in self.sections if section.missing)


def row(*cells: Cell | str) -> tuple[Cell, ...]:
    """Make a row of a table; a plain text is a cell.

    Examples
    --------
    >>> row("Shanghai", Cell(text="12", small="1 to 20"))[0]
    Cell(text='Shanghai', small='', items=())
    """
    return tuple(cell if isinstance(cell, Cell) else Cell(text=cell) for cell in cells)
