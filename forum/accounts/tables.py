"""The tables of people and what hangs on them."""

from typing import Any

from piccolo.columns import (
    JSONB,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from forum.database.engine import engine


class Person(Table, tablename="person", db=engine):
    id = BigSerial(primary_key=True)
    kind = Text()
    username = Text()
    name = Text()
    email = Text(null=True)
    email_confirmed_at = Timestamptz(null=True)
    password = Text(null=True, secret=True)
    site_role = Text()
    same_as: ForeignKey[Any] = ForeignKey("self", null=True)
    theme = Text()
    locale = Text()
    shortcuts = Boolean()
    bio = Text()
    origin = Text()
    origin_url = Text(null=True)
    created_at = Timestamptz()
    disabled_at = Timestamptz(null=True)
    mail_stopped_at = Timestamptz(null=True)
    mail_soft_bounces = Integer()


class Handle(Table, tablename="handle", db=engine):
    name = Text(primary_key=True)
    person_id = BigInt(null=True)
    project_id = BigInt(null=True)
    category_id = BigInt(null=True)
    reserved = Boolean()


class Session(Table, tablename="session", db=engine):
    hash = Bytea(primary_key=True)
    id = BigInt()
    person_id = BigInt()
    created_at = Timestamptz()
    seen_at = Timestamptz()
    expires_at = Timestamptz()
    user_agent = Text()


class Token(Table, tablename="token", db=engine):
    hash = Bytea(primary_key=True)
    purpose = Text()
    person_id = BigInt()
    email = Text()
    created_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = Timestamptz(null=True)


class Identity(Table, tablename="identity", db=engine):
    id = BigSerial(primary_key=True)
    person_id = BigInt()
    provider = Text()
    subject = Text()
    login = Text()
    created_at = Timestamptz()
    used_at = Timestamptz()


class SignInAttempt(Table, tablename="sign_in_attempt", db=engine):
    state = Bytea(primary_key=True)
    browser = Bytea()
    provider = Text()
    person_id = BigInt(null=True)
    nonce = Text()
    verifier = Text(secret=True)
    next = Text()
    draft = JSONB()
    proof = JSONB(null=True)
    used_at = Timestamptz(null=True)
    expires_at = Timestamptz()
    errand = Text()
    subject = BigInt(null=True)


class ApiKey(Table, tablename="api_key", db=engine):
    id = BigSerial(primary_key=True)
    hash = Bytea()
    person_id = BigInt()
    description = Text()
    created_at = Timestamptz()
    used_at = Timestamptz(null=True)
    revoked_at = Timestamptz(null=True)


class Audit(Table, tablename="audit", db=engine):
    id = BigSerial(primary_key=True)
    at = Timestamptz()
    actor_id = BigInt(null=True)
    action = Text()
    subject_kind = Text()
    subject_id = BigInt(null=True)
    detail = JSONB()


class Mail(Table, tablename="mail", db=engine):
    id = BigSerial(primary_key=True)
    message_id = Text()
    person_id = BigInt(null=True)
    recipient = Text()
    subject = Text()
    body = Text()
    html = Text()
    created_at = Timestamptz()
    sent_at = Timestamptz(null=True)
    error = Text(null=True)
    bounced_at = Timestamptz(null=True)
    bounce = Text()


class OriginAlias(Table, tablename="origin_alias", db=engine):
    source = Text(primary_key=True)
    kind = Text()
    foreign_id = Text()
    row_id = BigInt()
    url = Text(null=True)


class Rate(Table, tablename="rate", db=engine):
    key = Text(primary_key=True)
    slot = BigInt()
    count = Integer()  # type: ignore[assignment]


class SiteSwitch(Table, tablename="site_switch", db=engine):
    name = Text(primary_key=True)
    is_on = Boolean()
    changed_at = Timestamptz()
    changed_by = BigInt(null=True)
