// Keyboard shortcuts (listed on /keyboard). An element says which key it answers to by data-key, or which two ("m b");
// this file knows only how to move, and where "g" goes. Off while somebody types, and with data-keys="off" on html (WCAG 2.1.4).
const root = document.documentElement;
const GO = { h: "/", l: "/latest", n: "/new", u: "/unread", t: "/top" };
const ROWS = ".thread, .q, .found > li, .post";
let first = "";
let since = 0;
let here = null;
// where in the list somebody stood when a key was pressed: what they did may take their row away
let stood = -1;

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
// Beside a queue its rows alone are walked, from the one that is open.
const ROW = document.querySelector(".q") ? ".q" : ROWS;
const rows = () => [...document.querySelectorAll(ROW)].filter((row) => row.checkVisibility());
const current = () =>
  document.activeElement.closest?.(ROW) ?? (here?.isConnected ? here : document.querySelector(".q[aria-current]"));

// The thing that answers to a key: in the row or post somebody stands on, else anywhere on the page.
function answers(key) {
  const selector = `[data-key="${CSS.escape(key)}"]`;
  return current()?.querySelector(selector) ?? document.querySelector(selector);
}

// The ticket that was opened last may be on its way: what is pressed meanwhile is meant for it.
function press(key) {
  if (document.querySelector(".q.htmx-request, .q .htmx-request"))
    document.addEventListener("htmx:after:swap", () => use(answers(key)), { once: true });
  else use(answers(key));
}

function use(element) {
  if (!element) return;
  if (element.matches("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select")) {
    element.focus();
    // what stands in a textarea is somebody's text, which the next key must not replace
    if (element.matches("input")) element.select();
  } else {
    element.click();
    // what was ticked may be about what is typed next
    if (element.dataset.then) document.getElementById(element.dataset.then)?.focus();
    // a menu that was opened goes on with its first choice, or with what is to be written there
    if (element.matches("details[open] > summary"))
      element.parentElement.querySelector("div :is(a, button, textarea, input:not([type=hidden]))")?.focus();
  }
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const to = at >= 0 ? at + step : stood >= 0 ? stood - (step < 0) : firstSeen(all, step);
  here = all[Math.min(all.length - 1, Math.max(0, to))];
  const link = here.matches(".post") ? here : (here.querySelector(":is(h2, h3) a") ?? here);
  if (link === here) here.tabIndex = -1;
  link.focus({ preventScroll: true });
  here.scrollIntoView({ block: here.matches(".post") ? "start" : "nearest" });
}

// Nobody stands anywhere yet: begin with the first row in sight.
function firstSeen(all, step) {
  const seen = all.findIndex((row) => row.getBoundingClientRect().bottom > 64);
  return step < 0 ? Math.max(0, seen - 1) : Math.max(0, seen);
}

function open() {
  const link = current()?.querySelector(":is(h2, h3) a");
  if (link) link.click();
}

function back() {
  // a page that says where back is means that, whatever was looked at in between
  const said = answers("u");
  if (said) return said.click();
  const cameFrom = document.referrer && new URL(document.referrer);
  const link = document.querySelector(".crumbs a:last-of-type");
  if (cameFrom && cameFrom.origin === location.origin && !cameFrom.pathname.startsWith("/t/")) history.back();
  else location.href = link?.href ?? "/latest";
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    if (target.form && target.matches("textarea")) {
      event.preventDefault();
      const more = event.shiftKey && target.form.querySelector("button[data-send-more]");
      target.form.requestSubmit(more || target.form.querySelector("button[data-send], button.btn--primary"));
    }
    return;
  }
  if (root.dataset.keys === "off" || event.defaultPrevented || event.isComposing) return;
  // out of the answer and its templates, to the keys of the ticket
  if (key === "Escape" && target.matches(".inbox .composer :is(textarea, select)")) target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(target)) return;
  const at = ROW === ".q" ? rows().indexOf(current()) : -1;
  if (at >= 0) stood = at;
  if (first && Date.now() - since < 1500) {
    const pair = `${first} ${key}`;
    first = "";
    if (answers(pair)) press(pair);
    else if (pair[0] === "g" && key in GO) location.href = GO[key];
    else return;
    event.preventDefault();
    return;
  }
  const begin = () => ([first, since] = [key, Date.now()]);
  const begins = key === "g" || document.querySelector(`[data-key^="${CSS.escape(key)} "]`);
  const own = begins ? begin : { j: () => move(1), k: () => move(-1), o: open, u: back }[key];
  const element = own ? null : answers(key);
  // in the inbox it claims, and where there is nothing to claim it does nothing
  const asks = key === "c" && !element && !document.querySelector(".inbox");
  const fallback = asks && (() => (location.href = "/new-thread"));
  const act = own ?? (element ? () => press(key) : fallback);
  if (!act) return;
  event.preventDefault();
  act();
});
