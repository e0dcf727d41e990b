"""What a project sells: its three plans, the least price of each, tax, and how to pay."""
