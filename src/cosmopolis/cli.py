"""The `cosmopolis` command. Each command imports what it needs when it runs, so that `--help` is quick.

Exit status: 0 on success; 1 on an error that is the user's to mend, said in one line without a traceback.
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cosmopolis import __version__
from cosmopolis.errors import CosmopolisError, ResultError, SpecError, UnknownNameError, hint_near

_MIRROR = "COSMOPOLIS_MIRROR"
_CACHE = "COSMOPOLIS_CACHE"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line with the nearest valid word, and exit with 1."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong, in one line."""
        hint = ""
        if "invalid choice" in message:
            got, *valid = re.findall(r"'([^']*)'", message)
            message, hint = f"there is no command {got!r}", hint_near(got, valid)
        raise SpecError(f"{message}{hint}; `{self.prog} --help` tells how")


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """List the long options of a command, for messages."""
    return [word for action in parser._actions for word in action.option_strings if word.startswith("--")]  # noqa: SLF001


def _add_simulate(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """Add the command `simulate`."""
    simulate = commands.add_parser(
        "simulate", help="write synthetic records in the true formats, with a planted truth"
    )
    simulate.add_argument("folder", type=Path, metavar="DIR", help="folder to write to; it serves as mirror")
    simulate.add_argument("--works", type=int, required=True, metavar="N", help="papers")
    simulate.add_argument("--patents", type=int, metavar="N", help="patents (a tenth as many)")
    simulate.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same gives the same bytes (0)"
    )
    simulate.add_argument(
        "--format", default="openalex", metavar="NAME", help="form of papers: openalex, or table (quicker)"
    )
    simulate.add_argument("--cities", type=int, metavar="N", help="cities (200; 60 invented ones)")
    simulate.add_argument(
        "--mirror",
        type=Path,
        metavar="DIR",
        help=f"where the gazetteer may be, for true cities (or {_MIRROR})",
    )
    simulate.add_argument(
        "--cache", type=Path, metavar="DIR", help=f"where the gazetteer may be, too (or {_CACHE})"
    )
    simulate.set_defaults(run=_simulate, options=_options(simulate))


def _parser() -> _Parser:
    parser = _Parser(
        prog="cosmopolis",
        description="Measure the world's cities by the networks between them, and publish a report.",
    )
    parser.add_argument("--version", action="version", version=f"cosmopolis {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    where = _Parser(add_help=False)
    where.add_argument(
        "--mirror", type=Path, metavar="DIR", help=f"folder <source-id>/<file> looked in first (or {_MIRROR})"
    )
    where.add_argument("--cache", type=Path, metavar="DIR", help=f"folder of fetched files (or {_CACHE})")
    where.add_argument("--offline", action="store_true", help="use mirror and cache only")

    build = commands.add_parser("build", parents=[where], help="build an edition: tables, report, manifest")
    build.add_argument(
        "edition", nargs="?", default="open", metavar="EDITION", help="built-in name or TOML file (open)"
    )
    build.add_argument("--out", type=Path, metavar="DIR", help="folder of the result (out/<edition id>)")
    build.add_argument(
        "--engine", default="duckdb", metavar="NAME", help="engine of the big steps (duckdb), or spark"
    )
    build.add_argument("--jobs", type=int, metavar="N", help="threads to use (all)")
    build.add_argument("--quiet", action="store_true", help="print the report's path and nothing else")
    build.set_defaults(run=_build, options=_options(build))

    what = _Parser(add_help=False)
    what.add_argument(
        "--catalog", type=Path, metavar="FILE", help="your own catalogue, laid over the built-in one"
    )

    sources = commands.add_parser("sources", parents=[where, what], help="list, pull or check the sources")
    sources.add_argument(
        "action", nargs="?", default="list", metavar="list|pull|check", help="what to do (list)"
    )
    sources.add_argument("ids", nargs="*", metavar="ID", help="sources meant (all)")
    sources.set_defaults(run=_sources, options=_options(sources))

    resolve = commands.add_parser(
        "resolve", parents=[where, what], help="find the city that each row of a table means"
    )
    resolve.add_argument("file", type=Path, metavar="FILE", help="CSV or Parquet")
    resolve.add_argument("--name", required=True, metavar="COL", help="column with the text")
    resolve.add_argument("--country", metavar="COL", help="column with the country")
    resolve.add_argument("--latitude", metavar="COL", help="column with the latitude, degrees")
    resolve.add_argument("--longitude", metavar="COL", help="column with the longitude, degrees")
    resolve.add_argument(
        "--out", type=Path, metavar="FILE", help="CSV or Parquet to write (standard output, as CSV)"
    )
    resolve.set_defaults(run=_resolve, options=_options(resolve))

    index = commands.add_parser("index", help="build an index of your own: any units, any tree")
    index.add_argument("spec", type=Path, metavar="SPEC", help="TOML file that names its data, or a workbook")
    index.add_argument("--out", type=Path, metavar="DIR", help="folder to write to (out/<index id>)")
    index.set_defaults(run=_index, options=_options(index))

    new = commands.add_parser("new", help="write a folder with an edition of your own, which builds as it is")
    new.add_argument("folder", type=Path, metavar="DIR", help="folder to write to, new or empty")
    new.set_defaults(run=_new, options=_options(new))

    _add_simulate(commands)
    _add_network(commands)

    compare = commands.add_parser("compare", help="say what changed between two results, and why")
    compare.add_argument("before", type=Path, metavar="DIR_A", help="folder of the earlier result")
    compare.add_argument("after", type=Path, metavar="DIR_B", help="folder of the later result")
    compare.add_argument("--out", type=Path, metavar="DIR", help="folder of the tables (out/compare-<a>-<b>)")
    compare.add_argument("--top", type=int, default=100, metavar="N", help="cities counted by region (100)")
    compare.set_defaults(run=_compare, options=_options(compare))

    _add_profile(commands)

    check = commands.add_parser("check", help="prove that a result matches its manifest")
    check.add_argument("folder", type=Path, metavar="DIR", help="folder of the result")
    check.set_defaults(run=_check, options=_options(check))
    return parser


def _add_profile(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """Add the command `profile`."""
    profile = commands.add_parser("profile", help="write a page on any city of a result")
    profile.add_argument("folder", type=Path, metavar="DIR", help="folder of the result")
    profile.add_argument("city", metavar="CITY", help='name, GeoNames id, or "name, country"')
    profile.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the pages (DIR-profiles, beside the result)"
    )
    profile.add_argument(
        "--before", type=Path, metavar="DIR", help="an earlier result of the same index, to tell the change"
    )
    profile.set_defaults(run=_profile, options=_options(profile))


def _add_network(commands: "argparse._SubParsersAction[_Parser]") -> None:
    """Add the command `network`."""
    network = commands.add_parser(
        "network",
        help="make a network of a table of your own, with any labels",
        description="Make links of a table with the columns item and city, and optionally year and field; "
        "for ownership with firm, role (headquarters or branch), city, and optionally value, year, sector; "
        "for interlocking with city, firm, value (0: no office, to 5: headquarters), and optionally sector, "
        "year, or a matrix with the cities in its first column and a column for each firm.",
    )
    network.add_argument(
        "kind",
        metavar="KIND",
        help="cooccurrence: cities that stand in one item; ownership: headquarters to branches; "
        "interlocking: cities that share firms",
    )
    network.add_argument("file", type=Path, metavar="FILE", help="CSV or Parquet")
    network.add_argument(
        "--out", type=Path, metavar="FILE", help="CSV or Parquet for the links (standard output, as CSV)"
    )
    network.add_argument(
        "--cities", type=Path, metavar="FILE", help="CSV or Parquet for each city's totals and measures"
    )
    network.add_argument(
        "--counting",
        default="full",
        metavar="NAME",
        help="full, fractional: 1/(n-1), or refined: 2/(n(n-1)) for each pair of an item in n cities (full)",
    )
    network.add_argument(
        "--largest-record",
        type=int,
        metavar="N",
        help="items in more cities make no links and are counted (no such limit)",
    )
    network.set_defaults(run=_network, options=_options(network))


def _mirror(args: argparse.Namespace) -> Path | None:
    """Folder of the mirror, from the option or the environment; it must be there."""
    given = args.mirror or (Path(os.environ[_MIRROR]) if os.environ.get(_MIRROR) else None)
    if given is not None and not given.is_dir():
        raise ResultError(f"the mirror {given} is no folder; expected <source-id>/<file> inside it")
    return given


def _cache(args: argparse.Namespace) -> Path | None:
    return args.cache or (Path(os.environ[_CACHE]) if os.environ.get(_CACHE) else None)


def _build(args: argparse.Namespace) -> int:
    if args.jobs is not None:
        if args.jobs < 1:
            raise SpecError(f"--jobs is {args.jobs}, expected a whole number of at least 1")
        os.environ["POLARS_MAX_THREADS"] = str(args.jobs)
    from cosmopolis.pipeline.run import build

    built = build(
        args.edition,
        out=args.out,
        mirror=_mirror(args),
        cache=_cache(args),
        offline=args.offline,
        engine=args.engine,
        progress=not args.quiet,
    )
    for source, why in built.missing.items():
        print(f"cosmopolis: no data from {source}: {why}", file=sys.stderr)
    if not args.quiet:
        state = "unchanged" if built.unchanged else "built"
        seconds = ", ".join(f"{name} {time:.1f} s" for name, time in built.seconds.items())
        print(f"cosmopolis: {state} ({seconds})", file=sys.stderr)
    print(built.report)
    return 0


def _sources(args: argparse.Namespace) -> int:
    from cosmopolis.sources.commands import run

    actions = ("list", "pull", "check")
    if args.action not in actions:
        raise UnknownNameError(f"there is no action {args.action!r}" + hint_near(args.action, actions))
    return run(
        args.action,
        args.ids,
        mirror=_mirror(args),
        cache=_cache(args),
        offline=args.offline,
        catalog_path=args.catalog,
    )


def _resolve(args: argparse.Namespace) -> int:
    from cosmopolis.pipeline.resolving import resolve_file

    return resolve_file(
        args.file,
        name=args.name,
        country=args.country,
        latitude=args.latitude,
        longitude=args.longitude,
        out=args.out,
        mirror=_mirror(args),
        cache=_cache(args),
        offline=args.offline,
        catalog_path=args.catalog,
    )


def _network(args: argparse.Namespace) -> int:
    from cosmopolis.pipeline.network import network_file

    return network_file(
        args.kind,
        args.file,
        out=args.out,
        cities=args.cities,
        counting=args.counting,
        largest_record=args.largest_record,
    )


def _not_a_result(folder: Path | None) -> None:
    """Raise if a folder to write to is a result of a build, whose manifest would no longer be true."""
    if folder is not None and (folder / "manifest.json").exists():
        raise ResultError(f"{folder} is the result of a build; choose another --out")


def _index(args: argparse.Namespace) -> int:
    from cosmopolis.index.command import run

    _not_a_result(args.out)
    return run(args.spec, args.out)


def _new(args: argparse.Namespace) -> int:
    from cosmopolis.pipeline.starting import run

    return run(args.folder)


def _simulate(args: argparse.Namespace) -> int:
    from cosmopolis.simulate.command import run

    return run(
        args.folder,
        works=args.works,
        patents_=args.patents,
        seed=args.seed,
        form=args.format,
        cities=args.cities,
        mirror=_mirror(args),
        cache=_cache(args),
    )


def _compare(args: argparse.Namespace) -> int:
    if args.top < 1:
        raise SpecError(f"--top is {args.top}, expected a whole number of at least 1")
    from cosmopolis.pipeline.comparing import run

    _not_a_result(args.out)
    return run(args.before, args.after, out=args.out, top_size=args.top)


def _profile(args: argparse.Namespace) -> int:
    from cosmopolis.pipeline.profiling import run

    _not_a_result(args.out)
    return run(args.folder, args.city, out=args.out, before=args.before)


def _check(args: argparse.Namespace) -> int:
    from cosmopolis.pipeline.folder import differences, read_manifest

    manifest = read_manifest(args.folder)
    lines = differences(args.folder, manifest)
    for line in lines:
        print(f"cosmopolis: {line}", file=sys.stderr)
    if lines:
        return 1
    print(f"{args.folder}: {len(manifest['files'])} files are as the manifest says")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    parser = _parser()
    try:
        args, rest = parser.parse_known_args(arguments)
        if rest:
            options = args.options if args.command else ["--help", "--version"]
            what = "option" if rest[0].startswith("-") else "further argument"
            raise SpecError(f"there is no {what} {rest[0]!r}" + hint_near(rest[0].split("=")[0], options))
        if args.command is None:
            parser.print_help()
            return 0
        status = int(args.run(args))
        sys.stdout.flush()  # here, where a reader that has gone is no error
    except CosmopolisError as error:
        print(f"cosmopolis: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "cosmopolis: interrupted; what was finished is kept, the next run goes on from there",
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"cosmopolis: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    else:
        return status
