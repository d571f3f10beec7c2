"""Where a flow's checkpoints are kept."""

from pathlib import Path

from connectors.archive.checkpoints import STATE_VERSION, CheckpointStore
from connectors.archive.files import StatesManifest
from connectors.runs import Run
from connectors.version import VERSION


def checkpoint_store(run: Run, flow: str) -> CheckpointStore:
    """Return the store of a flow's checkpoints, in the run's archive."""
    manifest = StatesManifest(
        run_id=run.run_id, flow=flow, shard="", code_version=VERSION,
        settings_hash=run.settings_hash, state_version=STATE_VERSION,
    )  # fmt: skip
    return CheckpointStore(Path(run.archive), manifest)
