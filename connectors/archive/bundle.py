"""An archive as one file: `tidewire archive export` writes it, `import` checks and takes it in."""

import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from connectors.archive.check import Checked, states_manifests, topics_manifest, verify
from connectors.archive.files import MANIFEST, ArchiveDamaged
from connectors.files import put_in_place
from messages.errors import TidewireError

RUN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")


class CannotImport(TidewireError, RuntimeError):
    """A bundle cannot be taken in. Operator action: see the message."""


def export(run: Path, target: Path) -> Checked:
    """Check a run's archive and write it, whole, into one tar file.

    Days in the making are left out: they are still in Kafka.

    Raises:
        ArchiveDamaged: a file is not what its manifest says; nothing is written.
    """
    counted = verify(run)
    draft = target.with_name(f".{target.name}.draft")
    with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as bundle:
        for file in _files(run):
            bundle.add(file, f"{run.name}/{file.relative_to(run)}", recursive=False)
    put_in_place(draft, target)
    return counted


def take_in(source: Path, archive: Path) -> tuple[str, Checked]:
    """Unpack a bundle beside the archive, check every file, and only then give it its place.

    Nothing in a bundle is executed: see `ArchivedRun` for the strategies that a run names.

    Returns:
        The run's name, and what was checked.

    Raises:
        CannotImport: it is no bundle, names a place outside, or the run is there already.
        ArchiveDamaged: a file is not what its manifest says; nothing is left behind.
    """
    archive.mkdir(parents=True, exist_ok=True)
    draft = archive / f".import-{source.name}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with tarfile.open(source) as bundle:
            _unpack(bundle, draft)
        runs = [d for d in draft.iterdir() if d.is_dir()] if draft.exists() else []
        if len(runs) != 1 or not RUN_NAME.fullmatch(runs[0].name):
            reason = f"{source} is no bundle of one run: name a file that `archive export` wrote."
            raise CannotImport(reason)
        target = archive / runs[0].name
        if target.exists():
            reason = f"{target} is there already: move it away first; nothing was changed."
            raise CannotImport(reason)
        counted = verify(runs[0])
        _nothing_else(runs[0])
        runs[0].rename(target)
    except (OSError, tarfile.TarError) as error:
        reason = f"{source} cannot be unpacked ({error}): name a file that `archive export` wrote."
        raise CannotImport(reason) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target.name, counted


def _unpack(bundle: tarfile.TarFile, target: Path) -> None:
    """Write the plain files of a bundle; nothing of theirs but bytes is taken over.

    Early Pythons 3.11 have no filters for this; a bundle needs less than these let through.

    Raises:
        TarError: it holds something else, or names a place outside.
    """
    for member in bundle:
        place = Path(member.name)
        if place.is_absolute() or ".." in place.parts or not (member.isfile() or member.isdir()):
            reason = f"{member.name[:200]} is no plain file within it"
            raise tarfile.TarError(reason)
        found = target / place
        content = bundle.extractfile(member)
        if content is None:
            found.mkdir(parents=True, exist_ok=True)
            continue
        found.parent.mkdir(parents=True, exist_ok=True)
        with content, found.open("xb") as out:
            shutil.copyfileobj(content, out)


def _nothing_else(run: Path) -> None:
    """See that a bundle holds what its manifests name and nothing besides.

    Raises:
        CannotImport: there is another file.
    """
    named = set(_files(run))
    others = [f for f in run.rglob("*") if not f.is_dir() and f not in named]
    if others:
        reason = (
            f"The bundle holds {others[0].relative_to(run)}, which no manifest names: it was not "
            "written by `archive export`. Nothing was taken in; ask for another bundle."
        )
        raise CannotImport(reason)


def _files(run: Path) -> Iterator[Path]:
    if not (run / "run.json").exists():
        reason = f"{run} has no run.json: restore it from a copy."
        raise ArchiveDamaged(reason)
    yield run / "run.json"
    yield run / "topics" / MANIFEST
    for file in topics_manifest(run).files:
        yield run / "topics" / file.path
    for directory, manifest in states_manifests(run):
        yield directory / MANIFEST
        for state in manifest.files:
            yield directory / state.path
