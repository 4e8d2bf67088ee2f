"""Distribution files are found where pip would look, in HTML, JSON and folders."""

import base64
import sys
from pathlib import Path

import pytest
from index_server import IndexServer, sha256

from cosmopolis.errors import SourceUnavailableError
from cosmopolis.sources import pip_settings
from cosmopolis.sources.download import Connection, open_session
from cosmopolis.sources.package_index import Distribution, distributions
from cosmopolis.sources.pip_settings import IndexSettings, read_settings

WHEEL, SDIST = "harbours-1.2-py3-none-any.whl", "harbours-1.2.tar.gz"


def find(settings: IndexSettings, name: str = "Harbours", version: str = "1.2") -> list[Distribution]:
    session = open_session(settings.connection)
    with session.client:
        return list(distributions(session, settings, name, version))


@pytest.mark.parametrize("json_answers", [True, False])
def test_wheels_come_first_with_their_hashes(*, json_answers: bool, index: IndexServer) -> None:
    index.json_answers = json_answers
    found = find(IndexSettings(index_urls=(index.index,)))
    assert [(d.filename, d.is_wheel) for d in found] == [(WHEEL, True), (SDIST, False)]
    assert found[0].url == f"{index.url}/files/{WHEEL}"
    assert found[0].sha256 == sha256(index.projects["harbours"][WHEEL])
    assert found[0].size == (len(index.projects["harbours"][WHEEL]) if json_answers else 0)


def test_folder_as_index(index: IndexServer, tmp_path: Path) -> None:
    folder = index.write_folder(tmp_path)
    found = find(IndexSettings(index_urls=(folder.as_uri(),)))
    assert [d.filename for d in found] == [WHEEL, SDIST]
    assert found[0].url == (tmp_path / "files" / WHEEL).as_uri()
    assert index.requests == {}


def test_find_links_as_folder_and_as_page(index: IndexServer, tmp_path: Path) -> None:
    index.write_folder(tmp_path)
    assert [d.filename for d in find(IndexSettings(find_links=(str(tmp_path / "files"),)))] == [WHEEL, SDIST]
    page = f"{index.index}/harbours/"
    assert [d.filename for d in find(IndexSettings(find_links=(page,)))] == [WHEEL, SDIST]


def test_places_are_asked_in_order_and_only_as_needed(index: IndexServer, tmp_path: Path) -> None:
    index.write_folder(tmp_path)
    settings = IndexSettings(find_links=(str(tmp_path / "files"),), index_urls=(index.index,))
    session = open_session(settings.connection)
    with session.client:
        first = next(distributions(session, settings, "harbours", "1.2"))
    assert first.url.startswith("file:")
    assert index.requests == {}


def test_an_index_that_fails_does_not_hide_the_next(index: IndexServer) -> None:
    settings = IndexSettings(index_urls=(f"{index.url}/nothing", "http://127.0.0.1:9/simple", index.index))
    assert [d.filename for d in find(settings)] == [WHEEL, SDIST]


def test_messages_say_what_each_place_has(index: IndexServer) -> None:
    with pytest.raises(
        SourceUnavailableError, match=r"no file of harbours==9\.9 in .*simple: has 1\.2, 1\.0"
    ):
        find(IndexSettings(index_urls=(index.index,)), "harbours", "9.9")
    with pytest.raises(SourceUnavailableError, match=r"answered 404"):
        find(IndexSettings(index_urls=(index.index,)), "nobody")
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1:9 cannot be reached"):
        find(IndexSettings(index_urls=("http://127.0.0.1:9/simple",)))
    with pytest.raises(SourceUnavailableError, match="set PIP_INDEX_URL"):
        find(IndexSettings())


def test_credentials_of_the_address_and_of_netrc(
    index: IndexServer, tmp_path: Path, clean_environ: pytest.MonkeyPatch
) -> None:
    index.token = base64.b64encode(b"ann:se cret").decode()
    with pytest.raises(SourceUnavailableError, match=r"401 .*credentials are missing"):
        find(IndexSettings(index_urls=(index.index,)))
    clean_environ.setenv("PIP_INDEX_URL", index.index.replace("//", "//ann:se%20cret@"))
    settings = read_settings()
    assert settings.index_urls == (index.index,)
    assert len(find(settings)) == 2
    netrc = tmp_path / "netrc"
    netrc.write_text('machine 127.0.0.1 login ann password "se cret"\n')
    clean_environ.setenv("NETRC", str(netrc))
    assert len(find(IndexSettings(index_urls=(index.index,)))) == 2


def test_settings_of_the_environment(clean_environ: pytest.MonkeyPatch) -> None:
    clean_environ.setenv("UV_INDEX_URL", "https://uv.example/simple")
    clean_environ.setenv("UV_INDEX", "more=https://more.example/simple")
    settings = read_settings()
    assert settings.index_urls == ("https://uv.example/simple", "https://more.example/simple")
    clean_environ.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    clean_environ.setenv("PIP_EXTRA_INDEX_URL", "https://a.example/simple https://b.example/simple")
    clean_environ.setenv("PIP_FIND_LINKS", "/data/wheels")
    clean_environ.setenv("PIP_CERT", "/data/ca.pem")
    clean_environ.setenv("PIP_TRUSTED_HOST", "pip.example")
    clean_environ.setenv("PIP_TIMEOUT", "90")
    assert read_settings() == IndexSettings(
        find_links=("/data/wheels",),
        index_urls=("https://pip.example/simple", "https://a.example/simple", "https://b.example/simple"),
        connection=Connection(cert="/data/ca.pem", trusted_hosts=("pip.example",), timeout_s=90.0),
    )
    clean_environ.setenv("PIP_NO_INDEX", "1")
    assert read_settings().index_urls == ()


@pytest.mark.parametrize("with_pip", [True, False])
def test_settings_of_files(*, with_pip: bool, clean_environ: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if with_pip:
        pytest.importorskip("pip")
    else:
        clean_environ.setattr(pip_settings, "_pip_command", lambda: None)
    path = tmp_path / "pip.conf"
    path.write_text(
        "[global]\nindex-url = https://global.example/simple\ncert = /data/ca.pem\n"
        "extra-index-url =\n    https://a.example/simple\n    https://b.example/simple\n"
        "[install]\nindex-url = https://install.example/simple\n[list]\nindex-url = https://list.example\n"
    )
    clean_environ.setenv("PIP_CONFIG_FILE", str(path))
    clean_environ.setenv("HOME", str(tmp_path))
    settings = read_settings()
    assert settings.index_urls == (
        "https://install.example/simple",
        "https://a.example/simple",
        "https://b.example/simple",
    )
    assert settings.connection.cert == "/data/ca.pem"


def test_the_public_index_is_asked_of_pip(clean_environ: pytest.MonkeyPatch) -> None:
    assert read_settings().index_urls[0].startswith("https://")
    clean_environ.setattr(pip_settings, "_pip_command", lambda: None)
    clean_environ.setenv("HOME", "/nowhere")
    clean_environ.setattr(sys, "prefix", "/nowhere")
    assert read_settings().index_urls == ()


def test_pip_of_ensurepip_is_found_where_none_is_installed(clean_environ: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ensurepip")
    find_spec = pip_settings.importlib.util.find_spec  # type: ignore[attr-defined]
    clean_environ.setattr(
        pip_settings.importlib.util,  # type: ignore[attr-defined]
        "find_spec",
        lambda name: None if name == "pip" else find_spec(name),
    )
    if pip_settings._pip_command() is None:  # noqa: SLF001 - some systems take the bundled pip away
        pytest.skip("this Python brings no pip")
    assert read_settings().index_urls[0].startswith("https://")


def test_certificates_that_cannot_be_read_are_told(clean_environ: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match=r"cert of pip=.*missing\.pem"):
        open_session(Connection(cert=str(tmp_path / "missing.pem")))
    clean_environ.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "bundle.pem"))
    with pytest.raises(SourceUnavailableError, match=r"REQUESTS_CA_BUNDLE=.*bundle\.pem"):
        open_session(Connection())


def test_unusable_proxy_is_told(clean_environ: pytest.MonkeyPatch) -> None:
    clean_environ.setenv("HTTPS_PROXY", "gopher://proxy.example")
    with pytest.raises(SourceUnavailableError, match="the proxy that is set cannot be used"):
        open_session(Connection())
