"""PostgreSQL: the engine, the embedded server, migrations and transactions."""
