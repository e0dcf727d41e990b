"""`haas doctor`: one line for each thing a site needs, and whether it works."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx2
from imapclient.exceptions import IMAPClientError

from forum import log
from forum.accounts.providers import GITHUB, NotProven, OpenId, is_safe, read_json
from forum.commands import on_ready_site, say
from forum.database.engine import fetch, fetch_one, fetch_value
from forum.database.ready import NotReady, ready_database
from forum.incoming.queries import state_of_incoming
from forum.mail.arriving.imap import Link, NoEntry, parsed_imap, plain
from forum.mail.arriving.smtp import PIPE, parsed_listen
from forum.outside import github, github_app, stackexchange, stripe
from forum.outside.trust import trust
from forum.recount import recount
from forum.settings import Settings, settings
from forum.web.assets import Assets, AssetsMissing
from search.interface import current

# A clock further off than this makes tokens and queues lie (seconds).
CLOCK_OFF = 5.0
# Jobs that ought to run and have not been taken up for this long: nobody works (seconds).
JOBS_LATE = 120
SMTP_TIMEOUT = 10
# Faults told one by one.
TOLD = 20


@dataclass(frozen=True)
class Check:
    """One line: `ok` is None where something is not configured and need not be."""

    name: str
    ok: bool | None
    detail: str


def doctor(with_recount: bool, as_json: bool) -> int:
    """Print the settings in force and every check; 1 when something that is configured does not work."""
    chosen = settings()
    log.configure(chosen.log)
    checks = [check_folder(chosen), check_assets(), check_address(chosen), asyncio.run(check_mail(chosen))]
    checks += asyncio.run(check_mail_in(chosen))
    checks += asyncio.run(check_github(chosen))
    checks.append(asyncio.run(check_stripe(chosen)))
    checks.append(asyncio.run(check_stackexchange(chosen)))
    checks += asyncio.run(check_sign_ins(chosen))
    try:
        with ready_database(chosen) as ready:
            applied = f"; applied {', '.join(ready.applied)}" if ready.applied else ""
            found = on_ready_site(ready.settings, lambda _chosen: check_database(with_recount))
            where = "embedded" if ready.server else "DATABASE_URL"
            checks += [Check("database", True, f"{where}, {found[0]}{applied}"), *found[1]]
    except NotReady as error:
        checks.append(Check("database", False, str(error)))
    described = chosen.described()
    marks = {True: "ok  ", False: "BAD ", None: "-   "}
    lines = [f"      {name}={value}" for name, value in described]
    lines += [f"{marks[check.ok]}  {check.name}: {check.detail}" for check in checks]
    say({"settings": dict(described), "checks": [asdict(check) for check in checks]}, "\n".join(lines), as_json)
    return 1 if any(check.ok is False for check in checks) else 0


def check_folder(chosen: Settings) -> Check:
    """The data folder can be written."""
    ok = os.access(chosen.data, os.W_OK | os.X_OK)
    return Check("data folder", ok, f"{chosen.data} {'can' if ok else 'cannot'} be written")


def check_assets() -> Check:
    """Style sheet, scripts and htmx are there."""
    try:
        return Check("assets", True, f"{len(Assets.current().names)} files built")
    except (AssetsMissing, OSError, ValueError) as error:
        return Check("assets", False, str(error))


def check_address(chosen: Settings) -> Check:
    """The base URL is one, and safe on a public address."""
    parts = urlsplit(chosen.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Check("address", False, f"HAAS_BASE_URL is not an address: {chosen.base_url}")
    if not chosen.is_https and not chosen.is_loopback:
        return Check("address", False, f"{chosen.base_url} is public and not https: sign-ins could be read on the way")
    return Check("address", True, chosen.base_url)


async def check_mail(chosen: Settings) -> Check:
    """The mail server answers and takes our sign-in."""
    if not chosen.smtp_url:
        return Check("mail", None, f"mails are written to {chosen.data / 'mail'}; SMTP_URL sends them")
    url = urlsplit(chosen.smtp_url)
    client = aiosmtplib.SMTP(
        hostname=url.hostname or "localhost", port=url.port, use_tls=url.scheme == "smtps", timeout=SMTP_TIMEOUT
    )
    try:
        async with client:
            if url.username:
                await client.login(unquote(url.username), unquote(url.password or ""))
            await client.noop()
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return Check("mail", False, f"{url.hostname}: {' '.join(str(error).split())}")
    return Check("mail", True, f"{url.hostname} answers")


async def check_mail_in(chosen: Settings) -> list[Check]:
    """The door for mail is where it is said to be, mails tell people of it, and somebody vouches for who wrote."""
    if not chosen.takes_mail:
        words = "no mail comes in: with HAAS_SMTP_LISTEN or HAAS_IMAP, and MAIL_DOMAIN, people answer and ask by mail"
        return [Check("mail in", None, words)]
    found = []
    if not chosen.mail_domain:
        words = "MAIL_DOMAIN is unset: no mail of ours bears an address that can be answered"
        found.append(Check("mail in, addresses", False, words))
    else:
        found.append(Check("mail in, addresses", True, f"{{project}}@{chosen.mail_domain}"))
    if not chosen.mail_authserv:
        words = "HAAS_MAIL_AUTHSERV is unset: nobody looks at DMARC; who is not signed for (DKIM) gets a draft"
        found.append(Check("mail in, senders", None, words))
    else:
        found.append(Check("mail in, senders", True, f"what {chosen.mail_authserv} writes of DMARC is believed"))
    doors = [await check_door(chosen)] if chosen.smtp_listen else []
    return [*doors, *([await check_mailbox(chosen)] if chosen.imap else []), *found]


async def check_mailbox(chosen: Settings) -> Check:
    """The mailbox that mail is fetched from lets us in."""
    name = "mail in, mailbox"
    try:
        place = parsed_imap(chosen.imap)
    except ValueError as error:
        return Check(name, False, str(error))
    link = Link(place, within=chosen.within)
    try:
        folder = await asyncio.to_thread(link.open)
        await asyncio.to_thread(link.leave)
    except (OSError, IMAPClientError, NoEntry) as error:
        link.cut()
        return Check(name, False, f"{place.host}: {plain(error)}")
    how = "tells of new mail at once" if folder.can_idle else "is asked every minute"
    return Check(name, True, f"{place.name}: {folder.count} mails; it {how}")


async def check_door(chosen: Settings) -> Check:
    """Somebody answers at the door for mail; it is open while a worker runs."""
    if chosen.smtp_listen == PIPE:
        return Check("mail in", True, "brought by `haas mail receive`")
    try:
        _is_lmtp, where = parsed_listen(chosen.smtp_listen)
    except ValueError as error:
        return Check("mail in", False, str(error))
    try:
        async with asyncio.timeout(SMTP_TIMEOUT):
            reader, writer = await (
                asyncio.open_unix_connection(where) if isinstance(where, str) else asyncio.open_connection(*where)
            )
            told = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return Check("mail in", None, f"nobody answers at {chosen.smtp_listen} now; it is open while a worker runs")
    if not told.startswith(b"220"):
        return Check("mail in", False, f"what answers at {chosen.smtp_listen} takes no mail")
    return Check("mail in", True, f"{chosen.smtp_listen} answers")


async def check_github(chosen: Settings) -> list[Check]:
    """GitHub knows our App by its id and key, lets it do what it must, and can tell us what happens."""
    if not github.is_configured(chosen):
        words = "no App: /admin/github makes one; with it questions move here by a comment, and bugs become issues"
        return [Check("github", None, words)]
    try:
        known = await github_app.know(github.app_of(chosen), datetime.now(UTC))
    except (github.Refused, github.Limited, github.Unsure) as error:
        return [Check("github", False, f"{chosen.github_api_base}: {error}")]
    called = " and ".join(f"@{name}" for name in dict.fromkeys([known.slug, chosen.github_bot_name]) if name)
    found = [Check("github", True, f"{chosen.github_api_base} knows the App {known.name}; comments call it {called}")]
    if known.missing:
        missing = ", ".join(f"{name}: {least}" for name, least in known.missing)
        found.append(Check("github permissions", False, f"missing {missing}; add them in the App's settings on GitHub"))
    else:
        found.append(Check("github permissions", True, "all that are needed"))
    if not chosen.github_webhook_secret:
        found.append(Check("github webhooks", None, "GITHUB_WEBHOOK_SECRET opens the door; without it the bot is deaf"))
    elif known.missing_events:
        found.append(Check("github webhooks", False, f"not told of {', '.join(known.missing_events)}"))
    else:
        found.append(Check("github webhooks", True, f"{chosen.base_url}/webhooks/github"))
    return found


async def check_stripe(chosen: Settings) -> Check:
    """Stripe knows our key, and what it tells us can be believed."""
    if not (chosen.stripe_secret_key or chosen.stripe_webhook_secret):
        return Check("stripe", None, "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET let people pay by card")
    if not stripe.is_configured(chosen):
        return Check("stripe", False, "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET are needed both")
    try:
        access = stripe.access_of(chosen)
        known = await stripe.about_account(access)
    except stripe.Refused as refused:
        if refused.status != 403:
            return Check("stripe", False, f"{chosen.stripe_api_base}: {refused}")
        known = "a restricted key"
    except stripe.Unsure as error:
        return Check("stripe", False, str(error))
    mode = "real money" if access.is_live else "test mode"
    return Check("stripe", True, f"{known}, {mode}; webhooks go to {chosen.base_url}/webhooks/stripe")


async def check_stackexchange(chosen: Settings) -> Check:
    """The Stack Exchange API knows our key, and how many requests are left today."""
    if not chosen.stackexchange_key:
        return Check("stackexchange", None, "no key: STACKEXCHANGE_KEY lets imports ask 10,000 times a day, not 300")
    client = stackexchange.Client.of(chosen, "stackoverflow")
    client.tries = 1
    try:
        await client.ask("/info")
    except (stackexchange.Refused, stackexchange.Exhausted, stackexchange.NoAnswer) as error:
        return Check("stackexchange", False, f"{client.base}: {error}")
    return Check("stackexchange", True, f"{client.base} knows the key; {client.quota} requests are left today")


async def check_sign_ins(chosen: Settings) -> list[Check]:
    """GitHub and each OpenID Connect provider: who is configured answers, and knows us as far as can be asked."""
    checks = [await check_github_sign_in(chosen)]
    for provider in chosen.oidc:
        name = f"sign-in with {provider.name}"
        prefix = f"OIDC_{provider.name.upper()}"
        if provider.name == GITHUB:
            checks.append(Check(name, False, f"{prefix}_* would be GitHub's own name; choose another"))
        elif not provider.is_whole:
            missing = [f"{prefix}_{n}" for n in ("ISSUER", "CLIENT_ID") if not getattr(provider, n.lower())]
            checks.append(Check(name, False, f"{' and '.join(missing)} missing"))
        else:
            try:
                found = await OpenId(provider, provider.name).description(afresh=True)
            except NotProven as error:
                checks.append(Check(name, False, f"{provider.issuer}: {error.why}"))
            else:
                back = f"{chosen.base_url}/login/with/{provider.name}/callback"
                checks.append(Check(name, True, f"{found.said['issuer']} answers; it leads back to {back}"))
    if not chosen.oidc:
        checks.append(Check("sign-in with OpenID Connect", None, "OIDC_<NAME>_ISSUER and _CLIENT_ID switch it on"))
    return checks


async def check_github_sign_in(chosen: Settings) -> Check:
    """GitHub's API answers to our client id and secret."""
    name, known = "sign-in with GitHub", (chosen.github_client_id, chosen.github_client_secret)
    if not any(known):
        return Check(name, None, "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET switch it on")
    if not all(known):
        return Check(name, False, "GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are needed both")
    if not is_safe(chosen.github_api_base):
        return Check(name, False, f"GITHUB_API_BASE is not an https address: {chosen.github_api_base}")
    try:
        async with httpx2.AsyncClient(timeout=SMTP_TIMEOUT, trust_env=False, verify=trust()) as plain:
            await read_json(plain, f"{chosen.github_api_base}/rate_limit", auth=known)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        why = "it does not know this client id and secret" if str(error) == "status 401" else str(error)
        return Check(name, False, f"{chosen.github_api_base}: {why or type(error).__name__}")
    back = f"{chosen.base_url}/login/with/{GITHUB}/callback"
    return Check(name, True, f"{chosen.github_api_base} knows this site; it leads back to {back}")


async def check_database(with_recount: bool) -> tuple[str, list[Check]]:
    """What PostgreSQL calls itself, and the checks that ask it."""
    version = str(await fetch_value("select current_setting('server_version')"))
    asked: list[Callable[[], Awaitable[Check]]] = [
        check_clock,
        check_search,
        check_meilisearch,
        check_jobs,
        check_incoming,
        check_repositories,
        check_switches,
    ]
    if with_recount:
        asked.append(check_counts)
    return f"PostgreSQL {version}", [await ask() for ask in asked]


async def check_clock() -> Check:
    """This machine and the database agree on the time."""
    there: datetime = await fetch_value("select clock_timestamp()")
    off = abs((datetime.now(UTC) - there).total_seconds())
    return Check("clock", off < CLOCK_OFF, f"{off:.1f} s between this machine and the database")


async def check_search() -> Check:
    """Every thread stands in the index."""
    missing = await fetch_value(
        "select count(*) from thread t where not exists (select 1 from search_thread s where s.thread_id = t.id)"
    )
    return Check(
        "search", not missing, f"{missing} threads are not indexed: haas search rebuild" if missing else "whole"
    )


async def check_meilisearch() -> Check:
    """The server answers, knows our key, holds our index, and is not behind."""
    found = await current().condition()
    return Check("meilisearch", found.ok, found.words)


async def check_jobs() -> Check:
    """Jobs are taken up, and none is held after its last attempt."""
    row = await fetch_one(
        "select count(*) filter (where status = 'failed') as held, count(*) filter (where status = 'queued'"
        " and execute_after < now() - make_interval(secs => $1)) as late from pgqueuer",
        JOBS_LATE,
    )
    assert row is not None
    return Check("jobs", not any(row.values()), f"{row['held']} failed for good, {row['late']} late")


async def check_incoming() -> Check:
    """What other services sent is handled, and nothing of it was given up."""
    given_up, late = await state_of_incoming()
    said = f"{given_up} given up (/admin/incoming has them handled again), {late} late"
    return Check("incoming", not (given_up or late), said)


async def check_repositories() -> Check:
    """Where the GitHub App is installed, whose repositories they are, and what the bot could not do."""
    row = await fetch_one(
        "select count(*) filter (where installation_id is not null) as installed, count(*) filter (where installation_id"
        " is not null and project_id is null) as homeless, (select count(*) from github_move where state = 'failed'"
        " and created_at > now() - interval '7 days') as failed from github_repository"
    )
    assert row is not None
    said = f"{row['installed']} with the App, {row['homeless']} of them in no project (/admin/github)"
    if row["failed"]:
        return Check("github repositories", False, f"{said}; {row['failed']} commands of this week failed")
    return Check("github repositories", True if row["installed"] else None, said)


async def check_switches() -> Check:
    """Which site switches are on."""
    on = [row["name"] for row in await fetch("select name from site_switch where is_on order by name")]
    return Check("switches", None, f"on: {', '.join(on)}" if on else "none is on")


async def check_counts() -> Check:
    """Every kept counter is what its rows say."""
    faults = await recount()
    more = f"; and {len(faults) - TOLD} more" if len(faults) > TOLD else ""
    return Check("counts", not faults, "; ".join(faults[:TOLD]) + more if faults else "all true")
