<%
def body(commands):
    lines = (line for line in (commands or "pass").splitlines() if not line.strip().startswith("# ###"))
    return "\n".join(lines).strip()
%>\
"""${message.capitalize()}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${body(upgrades)}


def downgrade() -> None:
    ${body(downgrades)}
