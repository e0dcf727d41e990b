"""A person as Discourse's `/u/{username}.json` says it: what is everybody's, and neutral values where it is not kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import escape

from forum.api.shapes import Json, avatar_template, basic_user, moment
from forum.web.reader import Reader

DAYS = range(7)
SCHEDULE: Json = {"enabled": False} | {
    f"day_{day}_{end}_time": minutes for day in DAYS for end, minutes in (("start", 480), ("end", 1020))
}
# Discourse's preferences that have no counterpart here, at its defaults.
OPTIONS: Json = {
    "mailing_list_mode": False,
    "mailing_list_mode_frequency": 1,
    "email_digests": False,
    "email_level": 1,
    "email_messages_level": 0,
    "external_links_in_new_tab": False,
    "color_scheme_id": None,
    "dark_scheme_id": None,
    "dynamic_favicon": False,
    "enable_quoting": True,
    "enable_smart_lists": True,
    "enable_markdown_monospace_font": True,
    "digest_after_minutes": 10080,
    "automatically_unpin_topics": True,
    "auto_track_topics_after_msecs": 240000,
    "notification_level_when_replying": 2,
    "new_topic_duration_minutes": 2880,
    "email_previous_replies": 2,
    "email_in_reply_to": True,
    "like_notification_frequency": 1,
    "notify_on_linked_posts": True,
    "push_notification_level": "none",
    "enable_upcoming_change_available_notifications": False,
    "include_tl0_in_digests": False,
    "theme_ids": [],
    "theme_key_seq": 0,
    "allow_private_messages": False,
    "enable_allowed_pm_users": False,
    "homepage_id": None,
    "hide_profile_and_presence": False,
    "hide_profile": False,
    "hide_presence": False,
    "text_size": "normal",
    "text_size_seq": 0,
    "title_count_mode": "notifications",
    "timezone": None,
    "skip_new_user_tips": True,
    "topics_unread_when_closed": True,
    "interface_color_mode": 1,
    "automatically_translate": False,
    "understood_languages": [],
    "show_original_content": True,
    "send_shortcut": "ctrl_enter",
}
LISTS = [
    "muted_category_ids",
    "regular_category_ids",
    "watched_tags",
    "watching_first_post_tags",
    "tracked_tags",
    "muted_tags",
    "tracked_category_ids",
    "watched_category_ids",
    "watched_first_post_category_ids",
    "muted_usernames",
    "ignored_usernames",
    "allowed_pm_usernames",
    "user_auth_tokens",
    "featured_user_badge_ids",
    "groups",
    "group_users",
]
NOTHING = [
    "title",
    "primary_group_id",
    "primary_group_name",
    "flair_group_id",
    "flair_name",
    "flair_url",
    "flair_bg_color",
    "flair_color",
    "uploaded_avatar_id",
    "system_avatar_upload_id",
    "user_api_keys",
    "invited_by",
    "last_seen_at",
]
NEVER = [
    "ignored",
    "muted",
    "can_ignore_user",
    "can_mute_user",
    "can_send_private_messages",
    "can_send_private_message_to_user",
    "staged",
    "can_edit_username",
    "can_edit_email",
    "has_title_badges",
    "second_factor_enabled",
    "can_upload_profile_header",
    "can_upload_user_card_background",
    "can_be_deleted",
    "can_delete_all_posts",
    "can_change_bio",
    "can_change_location",
    "can_change_website",
    "can_change_tracking_preferences",
    "use_logo_small_as_avatar",
]


def user_json(reader: Reader, person: Mapping[str, Any], last_posted_at: datetime | None, featured: list[Any]) -> Json:
    """A row of `profile_of` as a user. `featured` holds the thread of theirs that drew most replies, if any."""
    is_self = person["id"] == reader.id
    top = featured[0] if featured else None
    shown: Json = {name: [] for name in LISTS}
    shown |= dict.fromkeys(NOTHING) | dict.fromkeys(NEVER, False)
    return shown | {
        **basic_user(person),
        "last_posted_at": moment(last_posted_at),
        "created_at": moment(person["created_at"]),
        "trust_level": 1,
        "moderator": person["site_role"] in ("moderator", "admin"),
        "admin": person["site_role"] == "admin",
        "badge_count": 0,
        "custom_fields": {},
        "time_read": 0,
        "recent_time_read": 0,
        # never null in the published description
        "featured_topic": {
            "id": top["id"] if top else 0,
            "title": top["title"] if top else "",
            "fancy_title": str(escape(top["title"])) if top else "",
            "slug": top["slug"] if top else "",
            "posts_count": top["reply_count"] + 1 if top else 0,
        },
        "can_edit": is_self,
        "can_edit_name": is_self,
        "pending_count": 0,
        "profile_view_count": 0,
        "post_count": person["posts"] + person["threads"],
        "topic_count": person["threads"],
        "locale": (reader.locale or None) if is_self else None,
        "system_avatar_template": avatar_template(person["id"], person["name"] or person["username"]),
        "mailing_list_posts_per_day": 0,
        "user_notification_schedule": SCHEDULE,
        "user_option": {"user_id": person["id"], **OPTIONS},
    }
