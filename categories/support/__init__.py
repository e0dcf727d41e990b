"""Support categories: tickets, the queue, the team's inbox, and what a requester may expect."""
