"""Throwaway pictures."""
from forum.database.engine import execute, fetch_value
from forum.threads.actions import accept_answer, react, close_thread
from forum.threads.editing import edit_post
from forum.threads.writing import post_reply, store_reply
from tests.helpers.browsing import Windows, PHONE
from tests.helpers.world import World

CODE = """We resample one-second sensor data to 15-minute windows, out of core. When the input does not end on a window boundary, the last window is missing: no error, no warning.

```python
import pelican as pl

src = pl.scan_parquet("s3://aerisol-raw/2026/*.parquet")
out = src.resample("15min", on="ts").collect(engine="stream", batch=250_000)
assert out.height == 35_041   # stream gives 35_040
```

Is there a flag I am missing? See also #12 and @olga.

| engine | rows |
|---|---:|
| stream | 35,040 |
| memory | 35,041 |

- [x] tried 3.2.1
- [ ] tried main
"""

async def test_look(windows: Windows, world: World) -> None:
    await execute("update project set repository='pelican/pelican'")
    t = (await world.ask("Resampling a 40 GB Parquet file drops the last partial window", by="ana", markdown=CODE, )).posted.thread
    ana, sam, olga, otto = world.people["ana"], world.supporter, world.owner, world.outsider
    r = [await b.reader() for b in (ana, sam, olga, otto)]
    await post_reply(r[3], t, "I can reproduce it with 3.2.0 and 3.2.1, not with 3.1.4. So I think it is the flush at the end of the scan and not the reader.")
    await post_reply(r[2], t, "Regression from the batch rewrite in `stream/window.rs`. Sam, take the answer.", purpose="whisper")
    p = await post_reply(r[1], t, f'[quote="otto, post:2, topic:{t}"]\nSo I think it is the flush at the end of the scan and not the reader.\n[/quote]\n\nExactly right. Pass `flush="partial"` until 3.2.2 ships this week:\n\n```python\n.collect(engine="stream", flush="partial")\n```')
    await accept_answer(r[0], t, 4)
    await react(r[0], p.post, "like", on=True); await react(r[3], p.post, "like", on=True); await react(r[0], p.post, "thanks", on=True)
    first = await fetch_value("select id from post where thread_id=$1 and number=1", t)
    await react(r[3], first, "same", on=True); await react(r[1], first, "same", on=True)
    await edit_post(r[0], first, CODE.replace("15-minute", "fifteen-minute") + "\nEdited: it is 3.2.1 on Linux.", title="Resampling a 40 GB Parquet file drops the last partial window", reason="version added")
    await edit_post(r[0], first, CODE.replace("15-minute", "fifteen-minute").replace("no error, no warning", "neither error nor warning") + "\nEdited: it is 3.2.1 on Linux.", title="Resampling a 40 GB Parquet file drops the last window")
    await post_reply(r[0], t, "3.2.2 gives 35,041 rows, thank you! One follow-up: with `flush=\"partial\"` still set, 3.2.2 now writes the last window **twice**.")
    t2 = (await world.ask("Old question that was closed", by="bea")).posted.thread
    await close_thread(r[1], t2, "answered elsewhere")
    url = await fetch_value("select '/t/'||slug||'/'||id from thread where id=$1", t)
    await ana.post("/drafts", {"key": "thread:%d" % t2, "markdown": "A half finished reply, of several words."})
    await ana.post("/drafts", {"key": "new-thread", "title": "How do I stop it", "markdown": "It runs and runs."})
    async def shot(page, name): await page.wait_for_timeout(300); await page.screenshot(path=f"/tmp/look4/{name}.png", full_page=True)
    for who, b in (("guest", None), ("ana", ana), ("sam", sam)):
        page = await windows.open(url, b)
        await shot(page, f"thread-{who}")
    page = await windows.open(url, ana)
    await page.locator("#body").fill("Some **words** to preview\n\n> quoted\n\n```py\nx = 1\n```")
    await page.get_by_role("button", name="Preview").click()
    await page.wait_for_timeout(3600)
    await page.locator("#reply").scroll_into_view_if_needed()
    await page.locator("#reply").screenshot(path="/tmp/look4/composer.png")
    for theme in ("light", "dark"):
        page = await windows.open(url, ana, viewport=PHONE, color_scheme=theme)
        await shot(page, f"phone-{theme}")
    page = await windows.open(url, sam, color_scheme="dark"); await shot(page, "thread-dark")
    page = await windows.open(f"/posts/{first}/revisions"); await shot(page, "revisions")
    page = await windows.open("/u/ana", sam); await shot(page, "profile")
    page = await windows.open("/u/sam"); await shot(page, "profile-sam")
    page = await windows.open("/u/ana", viewport=PHONE); await shot(page, "profile-phone")
    page = await windows.open("/u/ana/activity"); await shot(page, "activity")
    page = await windows.open("/u/ana/drafts", ana); await shot(page, "drafts")
    page = await windows.open(f"/posts/{first}/edit", ana); await shot(page, "edit")
    page = await windows.open("/new-thread", ana); await shot(page, "ask")
    page = await windows.open(f"/t/{t2}", otto:=world.outsider); await shot(page, "closed")
