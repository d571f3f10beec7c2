"""An archive as one file: `tidewire archive export` writes it, `import` checks and takes it in."""

import fcntl
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from connectors.archive.check import Checked, states_manifests, topics_manifest, verify
from connectors.archive.files import MANIFEST, UPGRADE, ArchiveDamaged
from connectors.files import put_in_place
from messages.errors import TidewireError

RUN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
DEEPEST: Final = 8  # parts of a member's name; a bundle's own have four
DRAFT: Final = ".import-"  # and something that no other import has
ANOTHER: Final = "ask for another bundle; nothing was taken in"
PLAIN: Final = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)
# What `tarfile` raises besides its own errors for headers that no program writes.
NO_TAR: Final = (ValueError, OverflowError, RecursionError, EOFError, MemoryError)


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
    try:
        with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as bundle:
            for file in _files(run):
                bundle.add(file, f"{run.name}/{file.relative_to(run)}", recursive=False)
        put_in_place(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    return counted


def take_in(source: Path, archive: Path) -> tuple[str, Checked]:
    """Unpack a bundle beside the archive, check every file, and only then give it its place.

    Nothing in a bundle is executed: see `ArchivedRun` for the strategies that a run names.

    Returns:
        The run's name, and what was checked.

    Raises:
        CannotImport: it is no bundle, names a place outside, or the run is there already.
        ArchiveDamaged: a file is not what its manifest says, or no file of a bundle at all.

    Whatever is raised, nothing is left behind.
    """
    try:
        with _draft_in(archive) as draft:
            return _taken_in(source, draft, archive)
    except tarfile.TarError as error:
        reason = (
            f"{source} cannot be unpacked ({error}): name a file that `archive export` wrote, "
            "or ask for another bundle; nothing was taken in."
        )
        raise CannotImport(reason) from error
    except OSError as error:
        reason = (
            f"{source} cannot be unpacked into {archive} ({error}): name a file that can be read, "
            "and a home that can be written to and has room."
        )
        raise CannotImport(reason) from error


@contextmanager
def _draft_in(archive: Path) -> Iterator[Path]:
    """Give a new directory beside the archives, which is gone afterwards, whatever happens.

    One import works at a time; another one waits for it. What killed ones have left goes first.
    """
    archive.mkdir(parents=True, exist_ok=True)
    lock = os.open(archive, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in archive.glob(f"{DRAFT}*"):
            _remove(left)
        draft = Path(mkdtemp(prefix=DRAFT, dir=archive))
        try:
            yield draft
        finally:
            _remove(draft)
    finally:
        os.close(lock)


def _remove(draft: Path) -> None:
    if draft.is_dir() and not draft.is_symlink():
        shutil.rmtree(draft, ignore_errors=True)
    else:
        draft.unlink(missing_ok=True)


def _taken_in(source: Path, draft: Path, archive: Path) -> tuple[str, Checked]:
    """Unpack a bundle into a draft, check it, and move it to its place.

    Raises:
        ArchiveDamaged: what is amiss, in words of the bundle: its reader has no other copy.
    """
    try:
        # Plain, as it is written: a bundle takes no more room than its own size.
        with tarfile.open(source, "r:") as bundle:
            _unpack(bundle, draft)
        run = _only_run(draft, source)
        target = archive / run.name
        if target.exists():
            reason = f"{target} is there already: move it away first; nothing was changed."
            raise CannotImport(reason)
        counted = verify(run)
        _nothing_else(draft, run)
    except ArchiveDamaged as error:
        fault = f"{source}: {error.fault.replace(f'{draft}/', '')}"
        raise ArchiveDamaged(fault, UPGRADE if error.advice == UPGRADE else ANOTHER) from error
    except NO_TAR as error:
        fault = f"{source} cannot be unpacked ({str(error) or type(error).__name__})"
        raise ArchiveDamaged(fault, ANOTHER) from error
    run.rename(target)
    return target.name, counted


def _only_run(draft: Path, source: Path) -> Path:
    runs = [d for d in draft.iterdir() if d.is_dir()]
    if len(runs) != 1 or not RUN_NAME.fullmatch(runs[0].name):
        reason = f"{source} is no bundle of one run: name a file that `archive export` wrote."
        raise CannotImport(reason)
    return runs[0]


def _unpack(bundle: tarfile.TarFile, target: Path) -> None:
    """Write the plain files of a bundle; nothing of theirs but bytes is taken over.

    Early Pythons 3.11 have no filters for this; a bundle needs less than these let through.

    Args:
        bundle: opened.
        target: a directory that is there and empty.

    Raises:
        TarError: it holds something else, names a place outside, or a place twice.
    """
    for member in bundle:
        place = Path(member.name)
        if not _is_plain(member, place):
            reason = f"{member.name[:200]!r} is no plain file within it"
            raise tarfile.TarError(reason)
        try:
            _write(bundle, member, target / place)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            reason = f"{member.name[:200]!r} stands where another file does"
            raise tarfile.TarError(reason) from error


def _is_plain(member: tarfile.TarInfo, place: Path) -> bool:
    """Tell whether a member is a file or a directory below the top, with all its bytes.

    A sparse file counts as a file, and may be larger than any disk.
    """
    within = 0 < len(place.parts) <= DEEPEST and not place.is_absolute()
    within = within and ".." not in place.parts
    return within and member.type in PLAIN and not member.issparse() and member.size >= 0


def _write(bundle: tarfile.TarFile, member: tarfile.TarInfo, file: Path) -> None:
    content = bundle.extractfile(member)
    if content is None:
        file.mkdir(parents=True, exist_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with content, file.open("xb") as out:
        shutil.copyfileobj(content, out)


def _nothing_else(draft: Path, run: Path) -> None:
    """See that a bundle holds what its run's manifests name and nothing besides.

    Raises:
        CannotImport: there is another file, or a directory of none.
    """
    named = set(_files(run))
    known = named | {place for file in named for place in file.parents}
    others = sorted(set(draft.rglob("*")) - known)
    if others:
        reason = (
            f"The bundle holds {str(others[0].relative_to(draft))!r}, which no manifest names: it "
            "was not written by `archive export`. Ask for another bundle; nothing was taken in."
        )
        raise CannotImport(reason)


def _files(run: Path) -> Iterator[Path]:
    yield run / "run.json"
    yield run / "topics" / MANIFEST
    for file in topics_manifest(run).files:
        yield run / "topics" / file.path
    for directory, manifest in states_manifests(run):
        yield directory / MANIFEST
        for state in manifest.files:
            yield directory / state.path
