"""How it went: what a requester says of a ticket that is over."""
