"""Which archive, and which day of it, a command means."""

from pathlib import Path

from connectors.archive.files import BEFORE_TIME, ArchiveDamaged
from connectors.archive.reading import ArchivedRun, DayNotArchived
from connectors.settings import load_settings
from messages.topics import MARKET_BARS
from stack.errors import StackError
from stack.home import last_run


def open_archive(
    home: str | None, run: str, day: str = "", *, run_strategies: bool = False
) -> ArchivedRun:
    """Open the archive that a command means: the run named, or the last one that has the day.

    A damaged archive is passed over unless it is the one named: `archive ls` says what it lacks.

    Args:
        home: directory of all state; None: the setting, or where the last run was.
        run: its name; empty: any.
        day: session day; empty: any.
        run_strategies: strategies of somebody's own that it names, and the settings too, may run.

    Raises:
        StackError: there is none.
        ArchiveDamaged: the one named is.
    """
    directory, last = _home_of(home)
    archive = directory / "archive"
    runs = [d for d in archive.glob("*") if (d / "run.json").exists()]
    if run:
        runs = [d for d in runs if d.name == run]
    trusted = load_settings().own.strategies if run_strategies else ()
    found = [a for d in runs if _is_usable(a := ArchivedRun(d, trusted), day) or run]
    found.sort(key=lambda a: (a.path.name == last, a.written.spec.started_at))
    for one in reversed(found):
        if not day or any(f.day == day for f in one.manifest.files):
            return one
    what = f"run {run}" if run else "a run"
    with_day = f" with the day {day}" if day else ""
    reason = (
        f"{archive} holds no archive of {what}{with_day}: `tidewire archive ls` lists what it has."
    )
    raise StackError(reason)


def _is_usable(archive: ArchivedRun, day: str) -> bool:
    """Tell whether an archive says what it is and, where a day is asked for, which days it has."""
    try:
        _ = archive.written
        return not day or bool(archive.manifest.files)
    except ArchiveDamaged:
        return False


def traded_day(archive: ArchivedRun) -> str:
    """Return the newest day on which a bar came in.

    Raises:
        DayNotArchived: there is none.
    """
    for file in reversed(archive.files.get(MARKET_BARS.name, [])):
        if file.day != BEFORE_TIME and any(
            r.is_fact for r in archive.rows(MARKET_BARS.name, file.day, file.day)
        ):
            return file.day
    reason = f"{archive.path} has no finished day with bars: name one with --day."
    raise DayNotArchived(reason)


def _home_of(named: str | None) -> tuple[Path, str]:
    settings = load_settings()
    last = last_run()
    if named is None and "home" not in settings.model_fields_set and last is not None:
        return last
    home = Path(named or settings.home).expanduser().resolve()
    return home, last[1] if last is not None and last[0] == home else ""
