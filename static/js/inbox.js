// The team's inbox: a row that is pressed puts its ticket beside the list, which stays as it is.
const shown = () => document.querySelector("section.ticket[data-row]");
const chosen = () => document.querySelector(".q[aria-current]");
let pane = shown();

// Head and answer stay where they are while the posts between them scroll: nothing is to be scrolled behind them.
function measure() {
  for (const [name, part] of [["--head", "header"], ["--foot", ".dockreply"]])
    pane?.style.setProperty(name, `${pane.querySelector(`:scope > ${part}`)?.offsetHeight ?? 0}px`);
}

// After an answer what was just said is in sight, and from there one goes on; the keys of the ticket answer there, too.
function begin() {
  const said = pane?.querySelector(".post:target");
  if (!said) return;
  said.tabIndex = -1;
  said.focus({ preventScroll: true });
  // to show it the browser has scrolled the page, too, whose panes fill the window
  if (getComputedStyle(pane).overflowY === "auto") scrollTo(0, 0);
  said.scrollIntoView({ block: "nearest" });
}

document.addEventListener("htmx:after:swap", () => {
  const now = shown();
  // where the head alone was changed, by a button that is gone with it, the ticket's name is where one stands
  if (now === pane && document.activeElement === document.body) document.querySelector("#th a")?.focus({ preventScroll: true });
  if (!now || now === pane) return measure();
  document.dispatchEvent(new CustomEvent("haas:instead", { detail: { was: pane, is: now } }));
  pane = now;
  measure();
  chosen()?.removeAttribute("aria-current");
  const row = document.getElementById(now.dataset.row);
  row?.setAttribute("aria-current", "true");
  // a phone shows one of them
  document.querySelector(".inbox").classList.replace("inbox--list", "inbox--ticket");
  if (row?.checkVisibility()) return;
  now.tabIndex = -1;
  now.focus({ preventScroll: true });
  scrollTo(0, 0);
});

measure();
chosen()?.scrollIntoView({ block: "nearest" });
// the browser goes to what the address names until everything is there, and once more in the frame after that
addEventListener("load", () => requestAnimationFrame(() => setTimeout(begin)));
