"""The ledger: every movement of money, in double entry, added to and never changed."""
