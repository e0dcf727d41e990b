// What htmx needs from us: the token on every request, and a word when something did not arrive.
document.documentElement.classList.add("js");
const token = document.querySelector('meta[name="csrf"]')?.content;
const flash = document.getElementById("flash");

document.addEventListener("htmx:config:request", (event) => {
  if (token) event.detail.ctx.request.headers["X-CSRF-Token"] = token;
});

// 409 and 422 bring their own words, which htmx puts in place; the rest is told here, where the action was.
function tell(event) {
  const { ctx } = event.detail;
  const status = ctx.response?.status;
  if (status === 409 || status === 422 || event.detail.error?.name === "AbortError") return;
  const writes = ctx.request.method !== "GET";
  if (!writes && event.detail.error) return;
  const place = ctx.sourceElement.closest("form, .post, .q, section") ?? flash;
  place.querySelector(":scope > .failed")?.remove();
  const note = document.createElement("p");
  note.className = "note note--due failed";
  note.setAttribute("role", "alert");
  note.tabIndex = -1;
  note.textContent = ctx.response?.headers.get("X-Message") ?? (writes ? flash.dataset.notSent : flash.dataset.notLoaded);
  if (status === 401) {
    const link = document.createElement("a");
    link.href = `/login?next=${encodeURIComponent(location.pathname + location.search + (place.id && `#${place.id}`))}`;
    link.textContent = flash.dataset.signIn;
    note.append(" ", link);
  }
  place.append(note);
  if (writes) note.focus();
}
document.addEventListener("htmx:response:error", tell);
document.addEventListener("htmx:error", tell);

document.addEventListener("htmx:config:request", (event) => {
  event.detail.ctx.sourceElement.closest("form, .post, .q, section")?.querySelector(":scope > .failed")?.remove();
});

// A swapped-in form with faults: the summary takes the focus, as on a page that came whole.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.response?.status === 422) document.getElementById("errors")?.focus();
});

// A link to a page with a field filled in fills it in here: what else was typed stays.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-fills]");
  const field = link && document.getElementById(link.dataset.fills);
  if (!field || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  field.value = link.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// On a phone the bar of a project and the row of its settings scroll; the tab of this page stands where it is seen.
for (const here of document.querySelectorAll(".probar [aria-current], .tabs--many [aria-current]")) {
  const bar = here.parentElement;
  bar.scrollLeft = here.getBoundingClientRect().left - bar.getBoundingClientRect().left - (bar.clientWidth - here.offsetWidth) / 2;
}
