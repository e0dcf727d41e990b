"""The public book: what a project earned and paid, out of the ledger, as far as the project shows it."""
