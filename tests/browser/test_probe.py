"""p"""
async def test_p(windows, world):
    windows.expect(".")
    asked = await world.ask("How do I resample?")
    page = await windows.open(asked.posted.url, permissions=["clipboard-read", "clipboard-write"])
    await page.evaluate("""() => { window.log=[]; new MutationObserver((l)=>l.forEach(m=>log.push([m.type,m.target.nodeName,m.target.data, performance.now()]))).observe(document.querySelector('#post_1 header'), {subtree:true, characterData:true, childList:true, attributes:true}) ; document.addEventListener('click', (e)=>log.push(['click', e.target.outerHTML.slice(0,200), e.defaultPrevented]))}""")
    await page.keyboard.press("j")
    await page.keyboard.press("s")
    await page.wait_for_timeout(1000)
    for l in await page.evaluate("log"): print(l)
    print(await page.evaluate("[...document.scripts].map(s=>s.src)"))
    print(await page.evaluate("navigator.clipboard.writeText('hi').then(()=>'ok', e=>String(e))"))
    print(windows.troubles)
