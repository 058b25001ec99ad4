"""How Alembic reaches the ledger: by the connection that the ledger hands it, never by itself."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=False)
context.run_migrations()
