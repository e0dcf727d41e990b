"""Money: the ledger, plans, bumps, invoices, thanks, pools and payouts. Only here is known what is sold."""
