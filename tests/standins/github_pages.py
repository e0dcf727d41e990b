"""What people see of GitHub on the way to an App: the page that makes one of a manifest, and the one that installs it.

Source: docs.github.com, "Registering a GitHub App from a manifest". Deliveries are signed and sent as GitHub does.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx

from tests.standins.github_issues import Rows, zulu

Json = dict[str, Any]
SECRET = "a secret that GitHub made"
PAGE = '<!doctype html><html lang="en"><title>GitHub</title><link rel="icon" href="data:,"><main>{}</main></html>'


@dataclass
class Pages:
    """The web pages of a GitHub with one App. `manifest`: what it was made of; `is_reached`: whether deliveries arrive;
    `kept`: what was delivered, by number."""

    api: Any
    manifest: Json = field(default_factory=dict)
    owner: str = ""
    is_reached: bool = True
    kept: dict[int, tuple[str, str, bytes]] = field(default_factory=dict)

    @property
    def rows(self) -> Rows:
        found: Rows = self.api.bot_rows
        return found

    async def show(self, method: str, target: str, body: bytes) -> str | None:
        """The page at an address, None where there is none."""
        url = urlsplit(target)
        typed = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        match method, url.path.strip("/").split("/"):
            case "POST", [*place, "settings", "apps", "new"] if "manifest" in typed:
                self.owner = place[-1] if place else "egret"
                self.manifest = json.loads(typed["manifest"])
                state = parse_qs(url.query).get("state", [""])[-1]
                return PAGE.format(self.confirm(state))
            case "GET", ["github-apps", slug, "installations", "new"] if slug == self.rows.bot:
                button = '<button name="repository" value="heron/pond">Install</button>'
                return PAGE.format(f'<h1>Install Pond Helper</h1><form method="post">{button}</form>')
            case "POST", ["github-apps", _slug, "installations", "new"]:
                await self.installed(typed["repository"])
                return PAGE.format("<h1>Installed</h1>")
        return None

    def confirm(self, state: str) -> str:
        """The second look that GitHub gives; its button leads back with a code."""
        code = uuid4().hex
        self.rows.codes[code] = {
            "id": int(self.api.app_id), "slug": self.rows.bot, "name": "Pond Helper", "pem": self.api.private_key,
            "client_id": "Iv1.x", "client_secret": "cs", "webhook_secret": SECRET,
        }  # fmt: skip
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in (("code", code), ("state", state))
        )
        back = escape(self.manifest["redirect_url"])
        button = f"<button>Create GitHub App for {escape(self.owner)}</button>"
        return f'<h1>{escape(self.manifest["name"])}</h1><form action="{back}">{hidden}{button}</form>'

    async def installed(self, name: str) -> None:
        repository = self.api.repository_row(name)
        about = {"id": 77, "account": self.api.user("heron", "Organization"), "suspended_at": None}
        about["permissions"] = self.rows.app_permissions
        await self.deliver("installation", {"action": "created", "installation": about, "repositories": [repository]})

    async def deliver(self, event: str, payload: Json) -> None:
        """Tell the site, and keep it on the list of deliveries."""
        number, guid = len(self.kept) + 1, str(uuid4())
        self.kept[number] = (event, guid, json.dumps(payload).encode())
        status = await self.send(number)
        row = {
            "id": number, "guid": guid, "event": event, "action": payload.get("action"), "redelivery": False,
            "delivered_at": zulu(self.api.now), "status_code": status, "status": "OK" if status < 300 else "timed out",
        }  # fmt: skip
        self.rows.hook_deliveries.insert(0, row)

    async def send(self, number: int) -> int:
        """One attempt; the status of the answer, as GitHub notes it."""
        if not self.is_reached:
            return 504
        event, guid, body = self.kept[number]
        headers = {
            "x-github-event": event,
            "x-github-delivery": guid,
            "x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
            "content-type": "application/json",
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(self.manifest["hook_attributes"]["url"], content=body, headers=headers)
        return answer.status_code
