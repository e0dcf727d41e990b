"""Payout runs: how a project divides its pool, from the policy to each payout marked paid."""
