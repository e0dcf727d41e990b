"""The job queue's own tables, as its library installs them."""

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from forum.database.migrate import sql_migration

ID = "0005"


async def forwards() -> MigrationManager:
    return sql_migration(ID, __doc__, QueryBuilderEnvironment().build_install_query())
