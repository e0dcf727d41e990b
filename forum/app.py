"""The web application: every route of the site, and the middleware around them."""

from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Lifespan

from categories.ask import pages as ask
from categories.bugs import pages as bugs
from categories.figures import pages as figures
from categories.forms import pages as forms
from categories.forms import terms_pages
from categories.proofs import pages as proofs
from categories.satisfaction import pages as satisfaction
from categories.support import dashboard
from categories.support import pages as support
from categories.support.inbox import deeds, presence, view_pages
from categories.support.inbox import pages as inbox
from categories.support.joining import pages as joining
from categories.support.promises import calendar_pages
from categories.support.replies import pages as templates
from categories.support.replies import tools as reply_tools
from categories.support.snoozing import pages as snooze_pages
from categories.support.tuning import pages as policy_pages
from forum import log
from forum.accounts import claim_pages, doors, switch_pages
from forum.accounts import pages as accounts
from forum.api import asking as api_asking
from forum.api import discourse, feeds, v1
from forum.api import ledger as ledger_json
from forum.api import money as api_money
from forum.api import payouts as api_payouts
from forum.api import promotion as api_promotion
from forum.api import templates as api_templates
from forum.incoming import pages as incoming
from forum.live import socket as live
from forum.mail import pages as mail
from forum.mail import preview, words_pages
from forum.mail.arriving import pages as mail_in
from forum.notifications import pages as notice_pages
from forum.projects import pages as projects
from forum.settings import Settings
from forum.threads import (
    draft_pages,
    edit_pages,
    lists,
    people_pages,
    revision_pages,
    split_pages,
    upload_pages,
)
from forum.threads import pages as threads
from forum.threads.kept import forget_kept
from forum.web import health, middleware
from forum.web.error_pages import error_page
from forum.web.routing import FirstWord
from forum.web.static_files import static_routes
from importers.github import history_pages as github_history
from importers.github import pages as github
from importers.github.bot import admin_pages as github_admin
from importers.github.bot import repository_pages as bot_pages
from importers.stackexchange import pages as stackexchange
from payouts.book import pages as book
from payouts.bumps import invoices, owner_pages
from payouts.bumps import pages as bumps
from payouts.plans import pages as plans
from payouts.runs import pages as payout_runs
from payouts.thanks import pages as thanks
from reputation import pages as reputation
from search import pages as search_pages


def all_routes() -> list[BaseRoute]:
    """Every route of the site, the busiest first."""
    return [
        # pages of threads are numbers alone (`{id:int}`), so that /t/12.json and /t/12/promotion stay those of others below
        *threads.routes,
        *discourse.routes,
        *v1.routes,
        *api_asking.routes,
        *api_promotion.routes,
        *ledger_json.routes,
        *api_money.routes,
        *api_payouts.routes,
        *api_templates.routes,
        *feeds.routes,
        *search_pages.routes,
        *bugs.routes,
        *split_pages.routes,
        *forms.routes,
        *terms_pages.routes,
        *lists.routes,
        *ask.routes,
        *support.routes,
        # before the inbox's: /inbox/views reads like /inbox/{ticket}
        *view_pages.routes,
        *inbox.routes,
        *deeds.routes,
        *figures.routes,
        *joining.routes,
        *snooze_pages.routes,
        *templates.routes,
        *reply_tools.routes,
        *presence.routes,
        *dashboard.routes,
        *satisfaction.routes,
        *calendar_pages.routes,
        *policy_pages.routes,
        *proofs.routes,
        *reputation.routes,
        *book.routes,
        *bumps.routes,
        *owner_pages.routes,
        *invoices.routes,
        *plans.routes,
        *thanks.routes,
        *payout_runs.routes,
        *projects.routes,
        *accounts.routes,
        *doors.routes,
        *claim_pages.routes,
        *switch_pages.routes,
        *draft_pages.routes,
        *edit_pages.routes,
        *revision_pages.routes,
        *people_pages.routes,
        *mail.routes,
        *mail_in.routes,
        *upload_pages.routes,
        *preview.routes,
        *words_pages.routes,
        *notice_pages.routes,
        *incoming.routes,
        *github.routes,
        *github_admin.routes,
        *bot_pages.routes,
        *github_history.routes,
        *stackexchange.routes,
        *live.routes,
        *health.routes,
        *static_routes(),
    ]


def make_app(settings: Settings, lifespan: Lifespan[Router] | None = None) -> ASGIApp:
    """The web application. The pool must be open; `serve` opens it in its lifespan."""
    log.configure(settings.log)
    forget_kept()
    return middleware.Kernel(FirstWord(all_routes(), lifespan), settings, error_page)
