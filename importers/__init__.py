"""In from outside: GitHub archives and REST rows now; other sources beside them."""
