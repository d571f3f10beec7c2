"""`tidewire archive ls | verify | export | import`: the archives of a home."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from connectors.archive.bundle import export, take_in
from connectors.archive.check import states_manifests, topics_manifest, verify, written_run
from connectors.archive.files import ArchiveDamaged, TopicsManifest, read_manifest
from stack.commands.options import home_of
from stack.commands.table import text_table
from stack.errors import StackError
from stack.home import Home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", choices=("ls", "verify", "export", "import"))
    parser.add_argument("file", nargs="?", type=Path, help="a bundle to write or to take in")
    parser.add_argument("--run", default="", help="a run's name (default: the newest)")


def run(options: argparse.Namespace) -> int:
    """Run one action on the archives of a home.

    Raises:
        StackError: there is no such run, or no file was named.
        ArchiveDamaged: a file is not what its manifest says.
        CannotImport: the bundle cannot be taken in.
    """
    done = run_archive(home_of(options), options.action, options.run, options.file)
    sys.stdout.write(done + "\n")
    return 0


def run_archive(home: Home, action: str, run: str, file: Path | None) -> str:
    """Run one action and return what to print.

    Raises:
        StackError: there is no such run, or no file was named.
        ArchiveDamaged: a file is not what its manifest says.
        CannotImport: the bundle cannot be taken in.
    """
    if action == "import":
        name, counted = take_in(_named(file, action), home.archive)
        return f"run {name}: {counted.files} day files, {counted.rows:,} rows, verified"
    if action == "ls" and not run:
        return "\n".join(_line(d) for d in _runs(home)) or f"no archive in {home.archive} yet"
    directory = _find(home, run)
    if action == "ls":
        return _days(directory)
    if action == "export":
        target = _named(file, action)
        counted = export(directory, target)
        return f"run {directory.name}: {counted.files} day files in {target}"
    counted = verify(directory)
    return (
        f"run {directory.name}: {counted.files} day files, {counted.rows:,} rows and "
        f"{counted.states} kept states are what their manifests say"
    )


def _runs(home: Home) -> list[Path]:
    return sorted(d for d in home.archive.glob("*") if (d / "run.json").exists())


def _find(home: Home, run: str) -> Path:
    runs = _runs(home)
    if not run and runs:
        return runs[-1]
    for directory in runs:
        if directory.name == run:
            return directory
    reason = (
        f"There is no archive of run {run or '(any)'} in {home.archive}: `archive ls` lists them."
    )
    raise StackError(reason)


def _line(run: Path) -> str:
    """Return what an archive has; of a damaged one, what is amiss, as the others matter, too."""
    try:
        written_run(run)
        manifest: TopicsManifest | None = read_manifest(run / "topics", TopicsManifest)
    except ArchiveDamaged as error:
        return f"{run.name}  damaged: {error}"
    if manifest is None or not manifest.files:
        return f"{run.name}  no finished day yet"
    files = manifest.files
    days = sorted({f.day for f in files})
    size = sum(f.bytes for f in files)
    rows = sum(f.rows for f in files)
    return f"{run.name}  {days[0]} .. {days[-1]}  {rows:,} rows  {size:,} bytes"


def _days(run: Path) -> str:
    files = topics_manifest(run).files
    kept = Counter(f.day for _, m in states_manifests(run) for f in m.files)
    rows = [
        (f.day, f.topic, f"{f.rows:,}", f"{f.bytes:,}", f.sha256[:12])
        for f in sorted(files, key=lambda f: (f.day, f.topic))
    ]
    rows += [(day, f"kept states of {n} shards", "", "", "") for day, n in sorted(kept.items())]
    return text_table(("day", "topic", ">rows", ">bytes", "sha256"), rows)


def _named(file: Path | None, action: str) -> Path:
    if file is None:
        reason = f"tidewire archive {action} needs a file: name it at the end."
        raise StackError(reason)
    return file.resolve()
