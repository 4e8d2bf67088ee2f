"""The files of a source on this machine, each with the hash that the catalogue states.

Looked in, in this order: the mirror folder, the local cache, the file's locators. A place whose file is
wrong is refused with its reason and the next is tried; a file that no place has makes its source
unavailable, which a build says and survives. Nothing here knows what is in a file.

```
<mirror>/<source-id>/<file>          given by the user, only read
<mirror>/<source-id>/…               files of a folder source, found by its patterns, hashes not known
<cache>/<source-id>/<file>           written under its name when its hash is right
<cache>/archives/<key>/              downloads under way; removed when what was wanted is out of them
```
"""

import hashlib
import logging
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from filelock import FileLock
from packaging.utils import canonicalize_name
from platformdirs import user_cache_path

from cosmopolis.errors import FormatError, SourceUnavailableError
from cosmopolis.sources.archive import extract
from cosmopolis.sources.catalog import Folder, Locator, Source, SourceFile, parse_locator
from cosmopolis.sources.download import Session, download, hash_of, open_session, split_credentials
from cosmopolis.sources.package_index import distributions
from cosmopolis.sources.pip_settings import IndexSettings, read_settings

ARCHIVES = "archives"
"""The cache's folder for downloads under way; no source may have this id."""

FILES_NAMED_MAX = 3
"""How many of a source's missing files a message names."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What one place holds of one file.

    `place` is `mirror` or `cache`, empty where neither has the file. `state` is `good` (hash right),
    `present` (length right, hash not looked at), `damaged` (with the reason) or `missing`.
    """

    file: str
    place: str
    state: str
    path: Path | None = None
    reason: str = ""


@dataclass(kw_only=True)
class _Run:
    """What one call looks for, where, and what it has learnt so far."""

    sources: tuple[Source, ...]
    mirror: Path | None
    cache: Path
    offline: bool
    progress: bool
    refresh: bool
    stack: ExitStack
    tried: set[str] = field(default_factory=set)  # archives, so that none is downloaded twice
    failed: dict[str, list[str]] = field(default_factory=dict)  # reasons, by locator and by archive
    verified: set[Path] = field(default_factory=set)
    refused: set[Path] = field(default_factory=set)
    reached: tuple[Session, IndexSettings] | None = None

    def network(self) -> tuple[Session, IndexSettings]:
        """Open the network on first use."""
        if self.reached is None:
            settings = read_settings()
            session = open_session(settings.connection, progress=self.progress)
            self.stack.enter_context(session.client)
            self.reached = session, settings
        return self.reached


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A file that a download is to bring, and by which locator."""

    source: Source
    file: SourceFile
    locator: Locator


@dataclass(frozen=True, kw_only=True)
class _Offer:
    """A file that can be downloaded; `sha256` is empty and `size` 0 where they are not known beforehand."""

    name: str
    url: str
    sha256: str = ""
    size: int = 0


def default_cache() -> Path:
    """Return the folder where fetched files are kept if none is named."""
    return user_cache_path("cosmopolis", appauthor=False) / "sources"


def obtain(
    source: Source,
    *,
    mirror: Path | None = None,
    cache: Path,
    offline: bool = False,
    progress: bool = True,
    refresh: bool = False,
) -> dict[str, Path]:
    """Return where each file of a source lies on this machine, verified; get it first where it must be got.

    Parameters
    ----------
    mirror
        A folder `<source-id>/<file>` that is looked in before all else.
    cache
        Where fetched files are kept; made if it is not there.
    offline
        Look in mirror and cache only.
    progress
        Show a bar on stderr for each download, where stderr is a terminal.
    refresh
        Do not look in the cache; get again what the mirror does not have.

    Returns
    -------
    paths
        A path for each file's name.

    Raises
    ------
    SourceUnavailableError
        If any file cannot be had; one line that says for each place why not.
    """
    ((_, obtained),) = obtain_each(
        [source], mirror=mirror, cache=cache, offline=offline, progress=progress, refresh=refresh
    )
    if isinstance(obtained, SourceUnavailableError):
        raise obtained
    return obtained


def obtain_each(
    sources: Iterable[Source],
    *,
    mirror: Path | None = None,
    cache: Path,
    offline: bool = False,
    progress: bool = True,
    refresh: bool = False,
) -> Iterator[tuple[Source, dict[str, Path] | SourceUnavailableError]]:
    """Obtain several sources one after the other, going on where one cannot be had.

    An archive that several of them share is downloaded once, and a host that cannot be reached is waited
    for once. Parameters are those of `obtain`.

    Yields
    ------
    source, obtained
        The paths by file name, or the error (not raised) that says why there are none.
    """
    with ExitStack() as stack:
        run = _Run(
            sources=tuple(sources),
            mirror=mirror,
            cache=cache,
            offline=offline,
            progress=progress,
            refresh=refresh,
            stack=stack,
        )
        for source in run.sources:
            try:
                yield source, _obtain(run, source)
            except SourceUnavailableError as error:
                yield source, error


def states(
    source: Source, *, mirror: Path | None = None, cache: Path, check: bool = False
) -> tuple[FileState, ...]:
    """Say what mirror and cache hold of a source; nothing is fetched or mended.

    Parameters
    ----------
    check
        Look at the hashes too, not at the lengths alone.

    Returns
    -------
    states
        One for each place that has a file, one `missing` for a file that neither has. The files of a folder
        source have no hash beforehand: they are `present`, in the one place that is read.
    """
    found: list[FileState] = []
    if source.folder is not None:
        listed = list_folder(source, mirror=mirror, cache=cache)
        found += [
            FileState(file=name, place=place, state="present", path=path)
            for place, paths in listed.items()
            for name, path in paths.items()
        ]
        return tuple(found) or (FileState(file=source.folder.patterns[0], place="", state="missing"),)
    for file in source.files:
        here = [
            (place, folder / source.id / file.name)
            for place, folder in (("mirror", mirror), ("cache", cache))
            if folder is not None and (folder / source.id / file.name).exists()
        ]
        for place, path in here:
            reason = _what_is_wrong(path, file, hashed=check)
            state = "damaged" if reason else ("good" if check else "present")
            found.append(FileState(file=file.name, place=place, state=state, path=path, reason=reason))
        if not here:
            found.append(FileState(file=file.name, place="", state="missing"))
    return tuple(found)


def list_folder(source: Source, *, mirror: Path | None, cache: Path) -> dict[str, dict[str, Path]]:
    """Find the files of a folder source, in the mirror or, where it has none, in the cache.

    Returns
    -------
    listed
        For the place that has files (`mirror` or `cache`; none if neither has): their paths by their name
        below the source's folder, with `/`, sorted by name.
    """
    patterns = source.folder.patterns if source.folder else ()
    for place, folder in (("mirror", mirror), ("cache", cache)):
        if folder is None:
            continue
        home = folder / source.id
        found = {path for pattern in patterns for path in home.glob(pattern) if path.is_file()}
        if found:
            named = {path.relative_to(home).as_posix(): path for path in found}
            return {place: dict(sorted(named.items()))}
    return {}


def _obtain_folder(run: _Run, source: Source, folder: Folder) -> dict[str, Path]:
    """Return the files of a folder source; they are never downloaded."""
    listed = list_folder(source, mirror=run.mirror, cache=run.cache)
    for place, paths in listed.items():
        if folder.single and len(paths) > 1:
            names = list(paths)
            more = f" and {len(names) - FILES_NAMED_MAX} more" if len(names) > FILES_NAMED_MAX else ""
            raise SourceUnavailableError(
                f"source {source.id!r}: the {place} has {len(names)} files "
                f"({', '.join(names[:FILES_NAMED_MAX])}{more}), expected one; keep the newest alone"
            )
        return paths
    looked = f"{run.mirror / source.id}" if run.mirror else "no mirror is given"
    raise SourceUnavailableError(
        f"source {source.id!r}: no file like {' or '.join(map(repr, folder.patterns))} [mirror: {looked}; "
        f"cache: {run.cache / source.id}]; it is read from a mirror alone{_how(run, source)}"
    )


def _how(run: _Run, source: Source) -> str:
    """Say how a mirror gets a source's files, where the catalogue knows."""
    home = (run.mirror or Path("MIRROR")) / source.id
    how = f": {source.obtain.replace('{mirror}', str(home))}" if source.obtain else ""
    return f"{how}; give it with --mirror" if run.mirror is None else how


def _what_is_wrong(path: Path, file: SourceFile, *, hashed: bool = True) -> str:
    """Say what is wrong with a file on disk, empty where nothing is."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            return "it is no file"
        if size != file.size:
            return f"it is {size} bytes long, expected {file.size}"
        if hashed and (digest := hash_of(path)) != file.sha256:
            return f"its hash is wrong: sha256 {digest}, expected {file.sha256}"
    except OSError as error:
        return f"it cannot be read: {error.strerror or error}"
    return ""


def _find(run: _Run, source: Source, file: SourceFile) -> tuple[Path | None, list[str]]:
    """Look for a file in mirror and cache; return its verified path, else why neither has it."""
    reasons: list[str] = []
    for place, folder in (("mirror", run.mirror), ("cache", run.cache)):
        if folder is None:
            continue
        path = folder / source.id / file.name
        if path in run.verified:
            return path, []
        if place == "cache" and run.refresh:
            reasons.append("cache: not looked in, as asked")
        elif not path.exists():
            reasons.append(f"{place}: not there")
        elif wrong := _what_is_wrong(path, file):
            reasons.append(f"{place}: refused, {wrong}")
            if path not in run.refused:
                _log.warning("%s is refused: %s", path, wrong)
                run.refused.add(path)
        else:
            run.verified.add(path)
            return path, []
    return None, reasons


def _obtain(run: _Run, source: Source) -> dict[str, Path]:
    if source.folder is not None:
        return _obtain_folder(run, source, source.folder)
    paths: dict[str, Path] = {}
    missing: dict[tuple[str, ...], list[str]] = {}  # names of files, by the reasons that they share
    for file in source.files:
        path, reasons = _find(run, source, file)
        if path is None and run.offline:
            reasons.append("offline: no other place was asked")
        elif path is None and not file.locators:
            reasons.append("no address is known: it is read from a mirror alone")
        elif path is None:
            for locator in map(parse_locator, file.locators):
                _fetch(run, locator)
                path, _ = _find(run, source, file)
                if path is not None:
                    break
                failed = [*run.failed.get(locator.archive, []), *run.failed.get(locator.text, [])]
                reasons.append(f"{_shown(locator)}: {'; '.join(dict.fromkeys(failed))}")
        if path is None:
            missing.setdefault(tuple(reasons), []).append(file.name)
        else:
            paths[file.name] = path
    if missing:
        raise SourceUnavailableError(_why_missing(run, source, missing))
    return paths


def _shown(locator: Locator) -> str:
    """Name a locator's archive without what nobody should read."""
    return split_credentials(locator.archive)[0] if locator.url else locator.archive


def _why_missing(run: _Run, source: Source, missing: dict[tuple[str, ...], list[str]]) -> str:
    told = []
    for reasons, names in missing.items():
        more = f" and {len(names) - FILES_NAMED_MAX} more" if len(names) > FILES_NAMED_MAX else ""
        told.append(f"{', '.join(names[:FILES_NAMED_MAX])}{more} [{'; '.join(reasons)}]")
    count = sum(map(len, missing.values()))
    named = f"{source.id}/{next(iter(missing.values()))[0]}"
    cannot = f"source {source.id!r}: {count} of {len(source.files)} files cannot be had: {'; '.join(told)}; "
    if not any(file.locators for file in source.files):
        return (
            f"{cannot}give a --mirror with {named}{_how(run, source).removesuffix('; give it with --mirror')}"
        )
    mend = "go online" if run.offline else "set PIP_INDEX_URL or HTTPS_PROXY to what can be reached"
    return f"{cannot}{mend}, or give a --mirror with {named}"


def _fetch(run: _Run, locator: Locator) -> None:
    """Download what a locator names and put in place every file that this run wants of it.

    What fails is noted in `run.failed` and not tried a second time.
    """
    if locator.archive in run.tried:
        return
    run.tried.add(locator.archive)
    failed = run.failed.setdefault(locator.archive, [])
    wanted = [
        _Wanted(source=source, file=file, locator=other)
        for source in run.sources
        for file in source.files
        for other in map(parse_locator, file.locators)
        if other.archive == locator.archive
    ]
    work = run.cache / ARCHIVES / _key(locator)
    try:
        work.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(work.with_name(work.name + ".lock")):
            # another process may have brought them while this one waited
            wanted = [want for want in wanted if _find(run, want.source, want.file)[0] is None]
            if wanted:
                work.mkdir(exist_ok=True)
                try:
                    _download(run, locator, wanted, work)
                finally:
                    if work.exists() and not any(work.iterdir()):
                        work.rmdir()
    except SourceUnavailableError as error:
        failed.append(str(error))
    except OSError as error:
        failed.append(f"the cache cannot be written: {error}")


def _key(locator: Locator) -> str:
    """Name the folder of a download under way."""
    if locator.distribution:
        return f"{canonicalize_name(locator.distribution)}-{locator.version}"
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", unquote(urlsplit(locator.url).path.rpartition("/")[2]))
    return f"{hashlib.sha256(locator.url.encode()).hexdigest()[:12]}-{name[-60:]}"


def _offers(run: _Run, locator: Locator, file: SourceFile) -> Iterator[_Offer]:
    """Go through the files that can be downloaded for a locator, the best first."""
    session, settings = run.network()
    if locator.distribution:
        for found in distributions(session, settings, locator.distribution, locator.version):
            yield _Offer(name=found.filename, url=found.url, sha256=found.sha256, size=found.size)
    elif locator.member:
        yield _Offer(name="archive", url=locator.url)
    else:
        yield _Offer(name=file.name, url=locator.url, sha256=file.sha256, size=file.size)


def _download(run: _Run, locator: Locator, wanted: list[_Wanted], work: Path) -> None:
    """Download one offer after the other until every wanted file is in place."""
    for offer in _offers(run, locator, wanted[0].file):
        target = work / offer.name
        for last in (False, True):
            resumed = target.with_name(target.name + ".part").exists()
            try:
                download(run.network()[0], offer.url, target, sha256=offer.sha256, size=offer.size)
            except SourceUnavailableError as error:
                run.failed[locator.archive].append(f"{offer.name}: {error}")
                break
            wanted = [want for want in wanted if not _put_in_place(run, want, target)]
            target.unlink()
            if not wanted:
                shutil.rmtree(work, ignore_errors=True)
                return
            if last or not resumed or offer.sha256:  # else its parts may not fit: once more from zero
                break


def _put_in_place(run: _Run, want: _Wanted, downloaded: Path) -> bool:
    """Bring a file out of a download into the cache, under its name only when its hash is right."""
    final = run.cache / want.source.id / want.file.name
    part = downloaded.with_name("member.part")
    for member in _members(want.locator, downloaded.name):
        try:
            if member:
                extract(downloaded, member, part, size=want.file.size)
            else:
                shutil.copyfile(downloaded, part)
            wrong = _what_is_wrong(part, want.file)
        except FormatError as error:
            wrong = str(error)
        if not wrong:
            final.parent.mkdir(parents=True, exist_ok=True)
            part.replace(final)
            run.verified.add(final)
            return True
        part.unlink(missing_ok=True)
        told = wrong if downloaded.name in wrong else f"{downloaded.name}: {wrong}"
        run.failed.setdefault(want.locator.text, []).append(told)
    return False


def _members(locator: Locator, downloaded: str) -> list[str]:
    """Return the paths at which a locator's member may lie in what was downloaded.

    A source distribution has one folder above all, `NAME-VERSION`, and often `src` below it; a wheel has
    neither. An index may offer the one where the locator was written for the other.
    """
    top = downloaded.removesuffix(".zip").removesuffix(".tar.gz")
    if not locator.distribution or not locator.member:
        return [locator.member]
    if top != downloaded:
        below = [f"{top}/{locator.member}", f"{top}/src/{locator.member}"]
        return [locator.member] if locator.member.startswith(f"{top}/") else below
    found = re.match(rf"[^/]+-{re.escape(locator.version)}/(?:src/)?(.+)", locator.member)
    return [found[1] if found else locator.member]
