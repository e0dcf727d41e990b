"""What other services sent us."""

from piccolo.columns import JSONB, BigSerial, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table

from forum.database.engine import engine


class Incoming(Table, tablename="incoming", db=engine):
    id = BigSerial(primary_key=True)
    source = Text()
    foreign_id = Text()
    kind = Text()
    lane = Text()
    headers = JSONB()
    body = Bytea(null=True)
    received_at = Timestamptz()
    tries = Integer()
    next_at = Timestamptz(null=True)
    handled_at = Timestamptz(null=True)
    failure = Text()
