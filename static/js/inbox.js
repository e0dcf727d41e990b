// The team's inbox: a row that is pressed puts its ticket beside the list, which stays as it is.
const shown = () => document.querySelector("section.ticket[data-row]");
let pane = shown();

document.addEventListener("htmx:after:swap", () => {
  const now = shown();
  // where the head alone was changed, by a button that is gone with it, the ticket's name is where one stands
  if (now === pane && document.activeElement === document.body) document.querySelector("#th a")?.focus({ preventScroll: true });
  if (!now || now === pane) return;
  document.dispatchEvent(new CustomEvent("haas:instead", { detail: { was: pane, is: now } }));
  pane = now;
  document.querySelector(".q[aria-current]")?.removeAttribute("aria-current");
  const row = document.getElementById(now.dataset.row);
  row?.setAttribute("aria-current", "true");
  // a phone shows one of them
  document.querySelector(".inbox").classList.replace("inbox--list", "inbox--ticket");
  if (row?.checkVisibility()) return;
  now.tabIndex = -1;
  now.focus({ preventScroll: true });
  scrollTo(0, 0);
});
