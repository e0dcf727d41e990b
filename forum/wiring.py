"""Who answers to what: jobs, doors, events, notices, parts, settings pages and streams, each registered here alone."""

from functools import partial
from itertools import chain

from categories.ask import by_mail
from categories.ask import pages as ask
from categories.bugs import actions as bugs_actions
from categories.bugs import jobs as bugs_jobs
from categories.bugs import mirror as bugs_mirror
from categories.bugs import parts as bugs_parts
from categories.bugs.queries import HAS_ISSUE
from categories.figures import pages as figures
from categories.forms import pages as forms
from categories.forms import privacy as forms_privacy
from categories.forms import terms_pages
from categories.proofs import actions as proofs_actions
from categories.proofs import jobs as proofs_jobs
from categories.proofs import pages as proofs
from categories.proofs import parts as proofs_parts
from categories.satisfaction import parts as satisfaction_parts
from categories.satisfaction import subscribers as satisfaction_subscribers
from categories.support import digest as support_digest
from categories.support import events as ticket_events
from categories.support import jobs as support_jobs
from categories.support import marks as support_marks
from categories.support import notices as support_notices
from categories.support import parts as support_parts
from categories.support import silence
from categories.support import subscribers as support_subscribers
from categories.support.inbox import claims, presence
from categories.support.inbox import live as inbox_live
from categories.support.joining import linking, merging
from categories.support.joining import notices as joining_notices
from categories.support.promises import calendar_pages, calendars, guarantees
from categories.support.queries import STAMP
from categories.support.replies import pages as templates
from categories.support.replies import tools as reply_tools
from categories.support.snoozing import actions as snoozing
from categories.support.tuning import pages as policy_pages
from forum import jobs
from forum.accounts import doors
from forum.accounts.events import IdentityProven, PlaceholderClaimed, SignedIn
from forum.accounts.parts import READ_ONLY_BANNER, TOP_BANNER
from forum.events import subscribe
from forum.incoming import actions as incoming_actions
from forum.incoming import sources
from forum.late import late
from forum.live import bell, streams, writing
from forum.live import threads as live_threads
from forum.mail import outbox, samples, words, words_pages
from forum.mail.arriving import handling, questions, strangers
from forum.mail.arriving import pages as mail_in
from forum.notifications import actions as notices
from forum.notifications import digest, hearing, kinds, mailing, sections
from forum.notifications import parts as notice_parts
from forum.notifications import queries as notice_queries
from forum.outside import github_hooks, stripe
from forum.projects import pages as projects
from forum.projects import settings_links
from forum.projects.events import TeamLeft
from forum.settings import settings
from forum.threads import (
    drafts,
    uploads,
)
from forum.threads import events as happened
from forum.threads.page_queries import ALONG
from forum.web import parts, sessions
from forum.web.parts import Part
from importers.github import claims as github_claims
from importers.github import history_pages as github_history
from importers.github import hooks as github_sync
from importers.github import jobs as github_jobs
from importers.github.bot import commands as bot_commands
from importers.github.bot import installing as bot_installing
from importers.github.bot import jobs as bot_jobs
from importers.github.bot import listening as bot_listening
from importers.github.bot import moves as bot_moves
from importers.github.bot import notices as bot_notices
from importers.github.bot import parts as bot_parts
from importers.github.bot import repository_pages as bot_pages
from payouts.bumps import merged, reconciling, settling
from payouts.bumps import parts as bumps_parts
from payouts.events import BumpPaid
from payouts.plans import pages as plans
from payouts.runs import dashboard as payout_dashboard
from payouts.runs import pages as payout_runs
from payouts.thanks import actions as thanks_actions
from payouts.thanks import jobs as thanks_jobs
from payouts.thanks import parts as thanks_parts
from payouts.thanks import subscribers as thanks_subscribers
from reputation import pages as reputation
from reputation import subscribers as reputation_subscribers
from search import interface as search
from search import pages as search_pages
from search.postgres import PostgresSearch


def wire() -> None:
    """Connect what is below with what is above. Called once a process, by web, worker and command alike."""
    wire_jobs()
    wire_search()
    wire_doors()
    wire_events()
    wire_notices()
    wire_parts()
    wire_settings()
    wire_streams()


def wire_jobs() -> None:
    """What is done later, by name, and what is done at its time (UTC)."""
    jobs.register("forget_done", jobs.forget_done)
    jobs.schedule("forget_done", "45 3 * * *")
    jobs.register("send_mail", outbox.send_mail)
    jobs.register("send_mails", outbox.send_mails)
    jobs.register(hearing.JOB, hearing.hear_post)
    jobs.register(notices.MAIL_JOB, mailing.mail_notice)
    jobs.register(support_digest.HEAR_JOB, support_digest.hear_ticket)
    jobs.register(digest.JOB, digest.compose_digests)
    jobs.register("send_digests", digest.send_digests)
    jobs.schedule("send_digests", "*/15 * * * *")
    jobs.register("forget_notices", hearing.forget_notices)
    jobs.schedule("forget_notices", "50 3 * * *")
    jobs.register("measure_expected", support_jobs.measure_expected)
    jobs.register("measure_all", support_jobs.measure_all)
    jobs.register(bugs_actions.JOB, bugs_jobs.promote_thread)
    jobs.schedule("measure_all", "10 3 * * *")
    jobs.register("keep_calendars", calendars.keep_all_ends)
    jobs.schedule("keep_calendars", "30 2 * * *")
    jobs.register("watch_guarantees", guarantees.watch_guarantees)
    jobs.schedule("watch_guarantees", "*/15 * * * *")
    jobs.register("close_silent", silence.close_silent)
    jobs.schedule("close_silent", "20 7 * * *")
    jobs.register(incoming_actions.JOB, incoming_actions.handle_incoming)
    jobs.register("forget_incoming", incoming_actions.forget_incoming)
    jobs.schedule("forget_incoming", "40 3 * * *")
    jobs.register(thanks_actions.JOB, thanks_jobs.mail_thanks)
    jobs.register(thanks_actions.CLAIMED_JOB, thanks_jobs.thank_claimed)
    jobs.register("reconcile_stripe", reconciling.reconcile_stripe)
    jobs.schedule("reconcile_stripe", "20 * * * *")
    jobs.register("look_up_claim", github_claims.look_up_claim)
    jobs.register(strangers.JOB, strangers.send_to_stranger)
    jobs.register("forget_letters", strangers.forget_letters)
    jobs.schedule("forget_letters", "50 3 * * *")
    jobs.register("forget_uploads", uploads.forget_uploads)
    jobs.schedule("forget_uploads", "55 3 * * *")
    jobs.register(bot_listening.COMMAND_JOB, bot_commands.github_command)
    jobs.register(bot_moves.JOB, bot_jobs.github_move)
    jobs.register("look_after_claims", claims.look_after_claims)
    jobs.schedule("look_after_claims", "*/15 * * * *")
    jobs.register("end_claims", claims.end_claims)
    jobs.register("give_turns", claims.give_turns)
    jobs.register(proofs_jobs.ONE, proofs_jobs.check_proof)
    jobs.register(proofs_jobs.DAILY, proofs_jobs.check_proofs)
    jobs.schedule(proofs_jobs.DAILY, "50 3 * * *")
    jobs.register(github_jobs.JOB, github_jobs.import_github_history)
    jobs.register("resume_imports", github_jobs.resume_imports)
    jobs.schedule("resume_imports", "*/10 * * * *")
    jobs.register(github_sync.REFRESH, github_sync.refresh_github)
    jobs.register(merging.CARRY, merging.carry_reply)
    jobs.register(snoozing.JOB, snoozing.wake_ticket)
    jobs.register(linking.JOB, linking.resolve_linked)


def wire_search() -> None:
    """What searches: PostgreSQL, or the server that the settings name."""
    chosen = settings()
    search.use(late("search.meili.engine:search_of")(chosen) if chosen.meilisearch_url else PostgresSearch())
    jobs.register("index_changes", search.index_changes)
    if chosen.meilisearch_url:
        # what was noted while the server or a worker was away
        jobs.schedule("index_changes", "* * * * *")


def wire_doors() -> None:
    """What comes in from elsewhere: webhooks, mails, answers of providers."""
    sources.register(github_hooks.SOURCE)
    sources.register(stripe.webhook_source(settling.handle))
    sources.register(handling.SOURCE)
    questions.answer_questions_by(by_mail.ask_by_mail)
    github_hooks.listen("installation", bot_installing.installation)
    github_hooks.listen("installation_repositories", bot_installing.installation_repositories)
    github_hooks.listen("repository", bot_installing.repository)
    github_hooks.listen("issue_comment", bot_listening.issue_comment)
    github_hooks.listen("issues", bot_listening.issues)
    doors.register(proofs.ERRAND, proofs.github_answered)
    for event in ("issues", "discussion"):
        github_hooks.listen(event, github_sync.issue_happened)
    for event in ("issue_comment", "discussion_comment"):
        github_hooks.listen(event, github_sync.comment_happened)


def wire_events() -> None:
    """Who hears what happens, in this order, inside the transaction."""
    subscribe(SignedIn, drafts.keep_carried)
    subscribe(IdentityProven, github_claims.github_proven)
    subscribe(happened.ThreadCreated, support_subscribers.thread_created)
    subscribe(happened.PostCreated, support_subscribers.post_created)
    subscribe(happened.AnswerAccepted, support_subscribers.answer_accepted)
    subscribe(happened.AcceptanceTakenBack, support_subscribers.acceptance_taken_back)
    subscribe(happened.ThreadClosed, support_subscribers.thread_closed)
    subscribe(happened.ThreadReopened, support_subscribers.thread_reopened)
    subscribe(happened.ThreadMoved, support_subscribers.thread_moved)
    subscribe(happened.ThreadMoved, support_subscribers.assignee_may_not_follow)
    subscribe(ticket_events.TicketSubmitted, proofs_actions.ticket_submitted)
    subscribe(ticket_events.TicketOver, satisfaction_subscribers.ticket_over)
    subscribe(TeamLeft, support_subscribers.team_left)
    subscribe(happened.ThreadSplit, support_subscribers.thread_split)
    subscribe(ticket_events.WordSaid, snoozing.word_said)
    subscribe(ticket_events.WordSaid, merging.word_said)
    subscribe(ticket_events.WordSaid, thanks_subscribers.word_said)
    subscribe(happened.AnswerAccepted, linking.answer_accepted)
    subscribe(ticket_events.TicketOver, linking.ticket_over)
    subscribe(ticket_events.TicketsMerged, merged.ranks_follow)
    subscribe(ticket_events.TicketsUnmerged, merged.ranks_follow)
    # behind the tickets' own, so that everybody locks in one order: thread, ticket, queue, points
    subscribe(happened.PostCreated, reputation_subscribers.post_created)
    subscribe(happened.ReactionChanged, reputation_subscribers.reaction_changed)
    subscribe(happened.AnswerAccepted, reputation_subscribers.answer_accepted)
    subscribe(happened.AcceptanceTakenBack, reputation_subscribers.acceptance_taken_back)
    subscribe(happened.ThreadCreated, hearing.thread_created)
    subscribe(happened.PostCreated, hearing.post_created)
    subscribe(happened.PostEdited, hearing.post_edited)
    subscribe(happened.AnswerAccepted, hearing.answer_accepted)
    subscribe(BumpPaid, thanks_subscribers.bump_paid)
    subscribe(happened.AnswerAccepted, thanks_subscribers.answer_accepted)
    subscribe(PlaceholderClaimed, thanks_subscribers.placeholder_claimed)


def wire_notices() -> None:
    """What people are told, in which words, and what a digest is made of."""
    every = (satisfaction_subscribers, proofs_actions, joining_notices, support_notices)
    for kind in (
        *kinds.OF_THREADS,
        support_digest.NEW_TICKET,
        bot_notices.SECURITY,
        bot_notices.DRAFT,
        bugs_mirror.ISSUE_CLOSED,
        forms_privacy.PUBLICATION_ASKED,
        *chain.from_iterable(room.KINDS for room in every),
    ):
        kinds.register(kind)
        for example in kind.examples:
            samples.register(kind.worded_as(example), partial(kind.made_up, example))
    for section in (sections.NEWS, sections.ASSIGNED, sections.MENTIONS, support_digest.QUEUE):
        sections.register(section)
    for worded in (support_notices, joining_notices, satisfaction_subscribers, forms_privacy):
        for occasion in worded.OCCASIONS:
            words.register(occasion)
    sessions.count_notices_by(notice_queries.UNREAD)


def wire_parts() -> None:
    """What rooms put on the pages of rooms below them, in this order."""
    ALONG.update(ticket_stamp=STAMP, has_issue=HAS_ISSUE)
    parts.register("top_banner", TOP_BANNER)
    parts.register("top_banner", READ_ONLY_BANNER)
    parts.register("top_banner", mail_in.STOPPED_BANNER)
    parts.register("begun", Part(drafts.begun, ""))
    parts.register("home_top", Part(ask.home_top, "ask/home_top.html"))
    parts.register("project_ask", Part(ask.project_ask, "ask/project_ask.html"))
    parts.register("home_aside", Part(support_parts.home_aside, "support/home_aside.html"))
    parts.register("row_marks", Part(support_marks.row_marks, "support/row_marks.html"))
    parts.register("top_bar", Part(support_parts.top_bar, "support/top_bar.html", alike=True, dock="support/dock.html"))
    parts.register("top_bar", notice_parts.BELL)
    parts.register("preferences", notice_parts.PREFERENCES)
    parts.register("thread_below", search_pages.BELOW_THREAD)
    parts.register("thread_ticket", Part(support_parts.thread_ticket, "", alike=True))
    parts.register("thread_ticket", satisfaction_parts.THREAD)
    parts.register("thread_ticket", Part(bugs_parts.thread_promotion, "", alike=True))
    parts.register("thread_ticket", Part(bumps_parts.thread_bumps, "", alike=True))
    parts.register("ask_offers", Part(bumps_parts.ask_offers, "bumps/ask_offers.html"))
    parts.register("strip_act", Part(bumps_parts.strip_act, "bumps/strip_act.html"))
    parts.register("thread_news", Part(bugs_parts.promotion_news, ""))
    parts.register("thread_ticket", thanks_parts.THREAD)
    parts.register("thread_ticket", notice_parts.THREAD)
    parts.register("thread_news", thanks_parts.NEWS)
    parts.register("thread_news", Part(bumps_parts.bump_news, ""))
    parts.register("imported_draft", bot_parts.IMPORTED_DRAFT)
    parts.register("composer", Part(reply_tools.composer_tools, "support/tools_button.html", alike=True))
    parts.register("inbox_actions", Part(bugs_parts.inbox_promote, "bugs/inbox_promote.html"))
    parts.register("capacity_project", proofs.CAPACITY_PROJECT)
    parts.register("project_facts", proofs_parts.PROJECT_FACTS)
    parts.register("asked_for", proofs_parts.ASKED_FOR)
    parts.register("preferences", presence.PREFERENCES)
    parts.register("profile_panels", reputation.PROFILE_PANEL)
    parts.register("profile_panels", thanks_parts.PROFILE_PANEL)
    parts.register("supporter_facts", thanks_parts.SUPPORTER_FACTS)
    parts.register("dashboard", figures.PART)
    parts.register("dashboard", payout_dashboard.PART)
    parts.register("thread_ticket", Part(forms.publication_panel, "", alike=True))


def wire_settings() -> None:
    """The pages of a project's settings, in this order."""
    for link in (
        projects.SETTINGS,
        projects.TEAM_SETTINGS,
        templates.SETTINGS,
        calendar_pages.SETTINGS,
        policy_pages.SETTINGS,
        bot_pages.SETTINGS,
        proofs.SETTINGS,
        plans.SETTINGS,
        payout_runs.SETTINGS,
        words_pages.SETTINGS,
        github_history.SETTINGS,
        forms.ASKING,
        forms.FIELDS,
        terms_pages.SETTINGS,
    ):
        settings_links.register(link)


def wire_streams() -> None:
    """What open browsers follow."""
    streams.register("bell", bell.bell_since, pause=0.2)
    streams.register("thread", live_threads.thread_since)
    streams.register("list", live_threads.list_since, pause=1.0)
    streams.register("inbox", inbox_live.inbox_since, inbox_live.inbox_wakes_with)
    streams.register("buckets", inbox_live.buckets_since, inbox_live.inbox_wakes_with)
    streams.register("writing", writing.writing_since)
    streams.register("place", support_parts.place_since, support_parts.place_wakes_with)
