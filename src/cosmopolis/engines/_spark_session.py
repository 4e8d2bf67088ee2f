"""Starts and stops Spark for this process, quietly, and says what is missing where it cannot run.

A process has one Spark at most; engines that are open at the same time share it. A Spark that was there
before, or that `spark-submit` started, is used as it is and not stopped. What is asked of Spark is not
known here.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING

from packaging.version import Version

from cosmopolis.errors import EngineError

if TYPE_CHECKING:
    from py4j.java_gateway import JavaGateway
    from pyspark.sql import SparkSession

LEAST_PYSPARK = Version("4.0")
"""The first pyspark whose frames go to Arrow and back without a detour."""

LEAST_JAVA = 17
"""The oldest Java that Spark 4 runs on."""

LEAST_MEMORY_MB = 512
"""Memory below which Spark does not start."""

LOOPBACK = "127.0.0.1"
"""The address of this machine for itself: nothing on the network sees a Spark that runs here alone."""

LOCAL_PARTS = 8
"""Parts that rows are dealt out to on one machine; each costs time, and small queries are many."""

_SUBMITTED = "PYSPARK_GATEWAY_PORT"  # set by spark-submit, which has made the settings already
_JAVA_SECONDS = 60
_STOP_SECONDS = 30
_SAID_CHARACTERS = 1000
_NOISE = ("WARNING", "Using Spark's", "Setting default", "To adjust", "at ")


@dataclass(kw_only=True)
class _Own:
    """The Spark that this module started."""

    session: "SparkSession"
    gateway: "JavaGateway"
    folder: tempfile.TemporaryDirectory[str]
    said: IO[bytes]
    master: str
    users: int = field(default=0)


_own: list[_Own] = []  # none or one


def check() -> None:
    """Raise `EngineError` if Spark is not there and cannot start."""
    check_pyspark()
    if not _own and not os.environ.get(_SUBMITTED):
        check_java()


def check_pyspark() -> None:
    """Raise `EngineError` if pyspark, or what it needs of Python's libraries, is missing or too old."""
    for name, least in (("pyspark", LEAST_PYSPARK), ("pandas", None)):
        try:
            found = Version(metadata.version(name))
        except metadata.PackageNotFoundError as error:
            raise EngineError(
                f"the engine 'spark' needs {name}, which is not installed; "
                "run `pip install 'cosmopolis[spark]'`, or use the engine 'duckdb'"
            ) from error
        if least is not None and found < least:
            raise EngineError(
                f"got {name} {found}, but the engine 'spark' needs {least} or newer; "
                "run `pip install --upgrade 'cosmopolis[spark]'`"
            )


def check_java() -> None:
    """Raise `EngineError` if the Java that Spark would use is missing or too old."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    todo = (
        f"install Java {LEAST_JAVA} or newer (Debian and Ubuntu: openjdk-{LEAST_JAVA}-jre-headless; conda: "
        "openjdk) and let JAVA_HOME name its folder, or use the engine 'duckdb'"
    )
    if program is None:
        raise EngineError(f"the engine 'spark' needs Java, but there is no `java` on the path; {todo}")
    where = f"{program} (JAVA_HOME)" if home else program
    try:
        done = subprocess.run(  # noqa: S603 - the user's own Java
            [program, "-version"], capture_output=True, check=True, timeout=_JAVA_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError(
            f"the engine 'spark' needs Java, but {where} does not run ({error}); {todo}"
        ) from error
    said = (done.stderr + done.stdout).decode("utf-8", "replace")
    found = java_version(said)
    if found is None or found < LEAST_JAVA:
        what = "Java of an unknown version" if found is None else f"Java {found}"
        raise EngineError(
            f"got {what} at {where}, but the engine 'spark' needs {LEAST_JAVA} or newer; {todo}"
        )


def java_version(said: str) -> int | None:
    """Read the main version from what `java -version` says; None if it does not say one.

    Examples
    --------
    >>> java_version('openjdk version "17.0.15" 2025-04-15'), java_version('java version "1.8.0_402"')
    (17, 8)
    """
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else None


@contextmanager
def _environ(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for a while; those that are set already stay."""
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def quietly() -> Iterator[None]:
    """Silence pyspark where it says what the user knows or need not know.

    It warns of new versions of pandas, which it imports and we do not use, and logs an error, with a hundred
    lines of Java, that is raised as well.
    """
    log = logging.getLogger("SQLQueryContextLogger")
    was = log.disabled
    log.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
            yield
    finally:
        log.disabled = was


def acquire(*, master: str, memory_mb: int, settings: Mapping[str, str]) -> "SparkSession":
    """Return a Spark session, started if there is none; `release` it once.

    Parameters
    ----------
    master
        Where Spark runs, such as `local[2]`. It counts only where Spark must be started.
    memory_mb
        Memory of the driver's JVM in MB; on one machine that is the memory of everything but the kernel.
    settings
        More settings of Spark by name; they count over ours, and only where Spark must be started.

    Raises
    ------
    EngineError
        If Spark cannot start, or runs in this process with another master.
    """
    check_pyspark()
    with quietly():
        from pyspark import SparkContext  # noqa: PLC0415 - half a second
        from pyspark.sql import SparkSession  # noqa: PLC0415

    if _own:
        if master != _own[0].master:
            raise EngineError(
                f"got the master {master!r}, but Spark runs in this process with {_own[0].master!r}, and a "
                "process has one Spark; close the other engine first"
            )
    elif os.environ.get(_SUBMITTED) or SparkContext._active_spark_context is not None:  # noqa: SLF001 - no other way to ask
        return SparkSession.builder.getOrCreate()
    else:
        check_java()
        _own.append(_start(master, _settings(master, memory_mb), settings))
    _own[0].users += 1
    return _own[0].session


def release(session: "SparkSession") -> None:
    """Give back a session from `acquire`; the last of them ends Spark, its JVM and its folder."""
    if not _own or _own[0].session is not session:
        return
    _own[0].users -= 1
    if _own[0].users == 0:
        _stop(_own.pop())


@contextmanager
def working() -> Iterator[None]:
    """Turn what Spark raises into `EngineError`: its own errors cannot be read when it has ended."""
    from py4j.protocol import Py4JError  # noqa: PLC0415 - with pyspark
    from pyspark.errors import PySparkException  # noqa: PLC0415

    try:
        with quietly():
            yield
    except (PySparkException, Py4JError, ConnectionError) as error:
        _check_alive()
        raise EngineError(f"Spark failed: {str(error)[:_SAID_CHARACTERS]}") from error


def _check_alive() -> None:
    """Raise `EngineError` if the Spark that was started here has died."""
    if _own and _own[0].gateway.proc.poll() is not None:
        raise EngineError(
            "Spark's Java has ended before its time, most often for want of memory; give the engine a larger "
            f"memory_mb. Java said: {_heard(_own[0].said)}"
        )


def _heard(said: IO[bytes]) -> str:
    """Return the end of what Java said, in one line."""
    said.seek(0)
    lines = (line.strip() for line in said.read().decode("utf-8", "replace").splitlines())
    return (
        "; ".join(line for line in lines if line and not line.startswith(_NOISE))[-_SAID_CHARACTERS:]
        or "nothing"
    )


def _settings(master: str, memory_mb: int) -> dict[str, str]:
    settings = {
        "spark.app.name": "cosmopolis",
        "spark.driver.memory": f"{memory_mb}m",
        "spark.driver.maxResultSize": "0",  # the answer is a frame of ours: no limit but memory
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.catalogImplementation": "in-memory",
    }
    if master.startswith("local"):
        settings |= {
            "spark.driver.host": LOOPBACK,
            "spark.driver.bindAddress": LOOPBACK,
            "spark.sql.shuffle.partitions": str(LOCAL_PARTS),
        }
    return settings


def _start(master: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> _Own:
    from pyspark import SparkConf, SparkContext  # noqa: PLC0415
    from pyspark.java_gateway import launch_gateway  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    folder = tempfile.TemporaryDirectory(prefix="cosmopolis-spark-", ignore_cleanup_errors=True)
    said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when Spark ends
    places = {
        "spark.local.dir": folder.name,
        "spark.sql.warehouse.dir": str(Path(folder.name) / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={folder.name} -XX:-UsePerfData",
    }
    conf = SparkConf(loadDefaults=False).setMaster(master)
    for name, value in {**ours, **places, **theirs}.items():
        conf.set(name, value)
    own = {"PYSPARK_PYTHON": sys.executable}
    if master.startswith("local"):
        own["SPARK_LOCAL_IP"] = LOOPBACK
    gateway = None
    try:
        with _environ(own):
            gateway = launch_gateway(conf, {"stdout": said, "stderr": said})  # type: ignore[no-untyped-call]
            session = SparkSession(SparkContext(conf=conf, gateway=gateway))
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        heard = _heard(said)
        if gateway is not None:
            _end(gateway)
        said.close()
        folder.cleanup()
        raise EngineError(
            f"Spark does not start with the master {master!r}: {reason}; Java said: {heard}"
        ) from error
    return _Own(session=session, gateway=gateway, folder=folder, said=said, master=master)


def _stop(own: _Own) -> None:
    with quietly(), suppress(Exception):  # it may have died, and then all that is left is to tidy up
        own.session.stop()
    _end(own.gateway)
    own.said.close()
    own.folder.cleanup()


def _end(gateway: "JavaGateway") -> None:
    """End the JVM, and let the next session of this process start one of its own."""
    from pyspark import SparkContext  # noqa: PLC0415

    with suppress(Exception):  # the JVM may be gone already
        gateway.shutdown()
    process: subprocess.Popen[bytes] | None = gateway.proc
    SparkContext._gateway = None  # noqa: SLF001 - pyspark has no public way to end its JVM
    SparkContext._jvm = None  # noqa: SLF001
    if process is not None:
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()  # the JVM ends when this pipe does
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
