"""trading states: each change of what an account may trade, and who wanted it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STATES = "IN ('ACTIVE', 'HALTED', 'PAUSED', 'REDUCING')"


def upgrade() -> None:
    """Go to this version."""
    op.execute(
        f"""CREATE TABLE trading_states (
          id text NOT NULL PRIMARY KEY, stamp bigint NOT NULL, event_time timestamptz NOT NULL,
          causes text[] NOT NULL, account text NOT NULL, old_state text NOT NULL,
          new_state text NOT NULL, cause text NOT NULL, command_id text NOT NULL,
          who text NOT NULL, why text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
          CONSTRAINT trading_states_old_state_check CHECK (old_state {STATES}),
          CONSTRAINT trading_states_new_state_check CHECK (new_state {STATES}),
          CONSTRAINT trading_states_cause_check CHECK (cause IN ('command', 'flattened'))
        )"""
    )
    op.execute("CREATE INDEX ix_trading_states_command_id ON trading_states (command_id)")
    op.execute(
        "CREATE INDEX ix_trading_states_account_stamp_id ON trading_states (account, stamp, id)"
    )


def downgrade() -> None:
    """Go back to the version before."""
    op.execute("DROP TABLE trading_states")
