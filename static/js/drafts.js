// Drafts of the forms with data-draft: kept as one types, when one leaves, and let go once they were sent.
import { Draft } from "./draft.js";
import { tried } from "./keeping.js";

const SENT = "haas:sent";
const drafts = new Map();

// A form that was swapped in has a draft of its own; the one before it is done with.
function find() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (drafts.get(form.dataset.draft)?.form !== form) drafts.set(form.dataset.draft, new Draft(form));
  }
}

// A field that is being swapped away may still say that it changed: its form is not the draft's any more.
function draftOf(element) {
  const form = element.closest("form[data-draft]");
  const draft = form && drafts.get(form.dataset.draft);
  return draft?.form === form ? draft : null;
}

// A form that went off without htmx: the next page tells whether it arrived. Where it is another page, reached from
// the form's own, it did, and where the form's own address was led to, as after an answer in the inbox; where the form is
// there again otherwise, with faults or by going back, it did not.
function lookBack() {
  const sent = tried(() => JSON.parse(sessionStorage.getItem(SENT)));
  tried(() => sessionStorage.removeItem(SENT));
  const came = document.referrer && new URL(document.referrer).pathname;
  const [way] = performance.getEntriesByType("navigation");
  const led = way?.type === "navigate" && way.redirectCount > 0;
  if (sent && came === sent.from && (led || !document.querySelector(`form[data-draft="${sent.key}"]`))) {
    tried(() => localStorage.removeItem(sent.place));
  }
}

lookBack();
find();
document.addEventListener("htmx:after:swap", find);
// what is swapped away is saved at once: its place may be asked for again
document.addEventListener("htmx:before:swap", () => drafts.forEach((draft) => draft.save()));

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => event.target.name && draftOf(event.target)?.changed());
}

document.addEventListener("submit", (event) => {
  const draft = draftOf(event.target);
  if (!draft) return;
  draft.begin();
  // htmx prevents what it sends itself
  if (event.defaultPrevented) return;
  const { place, key } = draft;
  tried(() => sessionStorage.setItem(SENT, JSON.stringify({ place, key, from: location.pathname })));
});

document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  const draft = sourceElement.matches("form[data-draft]") && draftOf(sourceElement);
  if (!draft) return;
  if (response.status < 300) draft.arrived();
  else draft.failed();
});
document.addEventListener("htmx:error", (event) => {
  const form = event.detail.ctx?.sourceElement;
  if (form?.matches?.("form[data-draft]")) draftOf(form)?.failed();
});

const leave = () => drafts.forEach((draft) => draft.save({ leaving: true }));
document.addEventListener("visibilitychange", () => document.hidden && leave());
window.addEventListener("pagehide", leave);
window.addEventListener("pageshow", (event) => event.persisted && drafts.forEach((draft) => draft.failed()));
