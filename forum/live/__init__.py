"""Live updates: one websocket, versions, and what came since."""
