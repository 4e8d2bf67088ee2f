"""Where and how pip looks for distributions, so that Cosmopolis looks in the same places.

Whoever can install a package has these settings right already; nothing has to be configured twice. The
address of the public index does not stand here: it is asked of pip itself. What the places offer is read
by `package_index`.
"""

import ast
import configparser
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files as package_files
from pathlib import Path

from cosmopolis.sources.download import Connection, split_credentials

PIP_TIMEOUT_S = 60
"""How long pip may take to tell its settings, in seconds."""

_SECTIONS = ("global", "install", "download")
_UV_VARIABLES = {
    "index-url": ("UV_INDEX_URL", "UV_DEFAULT_INDEX"),
    "extra-index-url": ("UV_EXTRA_INDEX_URL", "UV_INDEX"),
    "find-links": ("UV_FIND_LINKS",),
}


@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """Places to look in, in their order, and how to reach them."""

    find_links: tuple[str, ...] = ()
    index_urls: tuple[str, ...] = ()
    connection: Connection = field(default_factory=Connection)


def read_settings(environ: Mapping[str, str] | None = None) -> IndexSettings:
    """Read where and how pip looks for distributions.

    Later ones win: pip's configuration files (as pip itself tells them, else from their usual places),
    uv's variables (`UV_DEFAULT_INDEX`, `UV_INDEX_URL`, `UV_EXTRA_INDEX_URL`, `UV_FIND_LINKS`), pip's
    variables (`PIP_INDEX_URL` and the like).

    Returns
    -------
    settings
        With no place at all if none is configured and there is no pip to name the public index.
    """
    environ = os.environ if environ is None else environ
    pip = _pip_command()
    values = _values(pip, environ)
    find_links, known = _addresses(values.get("find-links", ""))
    main, known_main = _addresses(values.get("index-url", ""))
    extra, known_extra = _addresses(values.get("extra-index-url", ""))
    if values.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        main = extra = ()
    elif not main:
        main = _public_index(pip, environ)
    timeout = values.get("timeout") or values.get("default-timeout") or ""
    return IndexSettings(
        find_links=find_links,
        index_urls=main + extra,
        connection=Connection(
            cert=values.get("cert", ""),
            client_cert=values.get("client-cert", ""),
            proxy=values.get("proxy", ""),
            trusted_hosts=tuple(values.get("trusted-host", "").split()),
            timeout_s=float(timeout) if re.fullmatch(r"\d+(\.\d+)?", timeout) else 0.0,
            credentials=known | known_main | known_extra,
        ),
    )


def _values(pip: list[str] | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings by pip's long names of them, from files and variables."""
    values = _settings_of_files(environ) if pip is None else _settings_of_pip(pip, environ)
    for key, variables in _UV_VARIABLES.items():
        for variable in variables:
            if text := environ.get(variable):
                text = text.replace(",", " ") if key == "find-links" else text
                values[key] = re.sub(r"(?:^|(?<=\s))[\w-]+=(?=\w+://)", "", text)  # uv allows name=address
    for variable, text in environ.items():
        if variable.startswith("PIP_") and text:
            values[variable.removeprefix("PIP_").lower().replace("_", "-")] = text
    return values


def _addresses(texts: str) -> tuple[tuple[str, ...], dict[str, tuple[str, str]]]:
    """Part a setting's addresses from the credentials in them."""
    pairs = [split_credentials(text) for text in texts.split()]
    return tuple(address for address, _ in pairs), dict(known for _, known in pairs if known)


def _pip_command() -> list[str] | None:
    """Return how to run pip: the installed one, else the one that Python brings for new environments."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-P", "-m", "pip"]
    if importlib.util.find_spec("ensurepip") is not None:
        bundled = package_files("ensurepip") / "_bundled"
        wheels = sorted(str(entry) for entry in bundled.iterdir()) if bundled.is_dir() else []
        for wheel in wheels:
            if Path(wheel).name.startswith("pip-") and wheel.endswith(".whl"):
                return [sys.executable, "-P", f"{wheel}/pip"]
    return None


def _run_pip(pip: list[str], arguments: list[str], environ: Mapping[str, str]) -> str:
    """Return what a question to pip prints, empty where pip cannot answer."""
    quiet = {**environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "COLUMNS": "400", "PYTHONIOENCODING": "utf-8"}
    try:
        answer = subprocess.run(  # noqa: S603 - Python itself, with fixed arguments
            [*pip, *arguments], env=quiet, capture_output=True, check=False, timeout=PIP_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.decode("utf-8", errors="replace")


def _settings_of_pip(pip: list[str], environ: Mapping[str, str]) -> dict[str, str]:
    by_section: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in _run_pip(pip, ["config", "list"], environ).splitlines():
        name, _, quoted = line.partition("=")
        section, _, key = name.partition(".")
        if section in by_section:
            try:
                by_section[section][key] = str(ast.literal_eval(quoted))
            except (SyntaxError, ValueError):
                continue
    return {key: value for section in _SECTIONS for key, value in by_section[section].items()}


def _settings_of_files(environ: Mapping[str, str]) -> dict[str, str]:
    """Read pip's configuration files without pip: global, user, environment, named; later ones win."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return {}
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or "~").expanduser()
    if sys.platform == "win32":
        shared = [Path(environ.get("PROGRAMDATA", "C:/ProgramData")) / "pip/pip.ini"]
        own = [home / "pip/pip.ini", Path(environ.get("APPDATA", str(home))) / "pip/pip.ini"]
    else:
        folders = environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
        shared = [Path(folder) / "pip/pip.conf" for folder in folders if folder] + [Path("/etc/pip.conf")]
        own = [
            home / ".pip/pip.conf",
            Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip/pip.conf",
        ]
        if sys.platform == "darwin":
            shared.insert(0, Path("/Library/Application Support/pip/pip.conf"))
            own.append(home / "Library/Application Support/pip/pip.conf")
    places = [*shared, *own, Path(sys.prefix) / ("pip.ini" if sys.platform == "win32" else "pip.conf")]
    by_section: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for place in [*places, *([Path(named)] if named else [])]:
        parser = configparser.RawConfigParser()
        try:
            parser.read(place, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in _SECTIONS:
            if parser.has_section(section):
                by_section[section] |= {
                    key.replace("_", "-").removeprefix("--"): value for key, value in parser.items(section)
                }
    return {key: value for section in _SECTIONS for key, value in by_section[section].items()}


def _public_index(pip: list[str] | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Ask pip for the index that it uses where none is configured, by the help of its `--index-url`."""
    if pip is None:
        return ()
    clean = {key: value for key, value in environ.items() if not key.startswith("PIP_")}
    clean["PIP_CONFIG_FILE"] = os.devnull  # a configured value would stand in the help instead of the default
    text = _run_pip(pip, ["download", "--help"], clean)
    match = re.search(r"--index-url\s.*?default\s+(https?://[^\s)]+)", text, flags=re.DOTALL)
    return (match[1],) if match else ()
