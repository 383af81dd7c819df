"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Bring the schema forward.

    What keeps readers of a table out (a column) comes last and takes no time; an index over it is for the next version.
    """
    ${upgrades if upgrades else "pass"}
