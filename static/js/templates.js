// Templates and solved answers in a composer: a button's text, or /word and Tab or a space, goes where the cursor is.
import { insert } from "./insert.js";

const token = document.querySelector('meta[name="csrf"]')?.content;
const known = new Map();

// The words of a project, asked for once, when the first slash is typed.
function words(project) {
  if (!known.has(project)) {
    const list = fetch(`/api/v1/projects/${project}/templates`)
      .then((answer) => (answer.ok ? answer.json() : { templates: [] }))
      .then(({ templates }) => new Set(templates.map(({ word }) => word)))
      .catch(() => new Set());
    known.set(project, { list, now: null });
    list.then((found) => (known.get(project).now = found));
  }
  return known.get(project);
}

async function ask(tools, fields) {
  const answer = await fetch(`/t/${tools.dataset.thread}/insertion`, {
    method: "POST",
    headers: { "X-CSRF-Token": token },
    body: new URLSearchParams({ ...fields, as: "json" }),
  }).catch(() => null);
  return answer?.ok ? answer.json() : null;
}

// The button that does what the template is for becomes the one that Ctrl+Enter presses.
function aim(form, purpose) {
  const buttons = [...form.querySelectorAll("[data-purpose]")];
  const chosen = buttons.find((button) => button.dataset.purpose === purpose);
  if (!chosen) return;
  for (const button of buttons) {
    button.classList.toggle("btn--primary", button === chosen);
    button.toggleAttribute("data-send", button === chosen);
  }
}

function put(area, { markdown, purpose, missing }) {
  // where nobody has put the cursor yet, it goes behind what stands there
  if (!area.selectionEnd) area.setSelectionRange(area.value.length, area.value.length);
  const before = area.value.slice(0, area.selectionStart);
  const after = area.value.slice(area.selectionEnd);
  const begin = before.trim() && !before.endsWith("\n") ? "\n\n" : "";
  insert(area, begin + markdown + (after.trim() && !after.startsWith("\n") ? "\n\n" : ""));
  if (purpose) aim(area.form, purpose);
  const hole = missing.length ? area.value.indexOf("…", before.length) : -1;
  if (hole >= 0) area.setSelectionRange(hole, hole + 1);
}

document.addEventListener(
  "click",
  async (event) => {
    const button = event.target.closest("[data-insert]");
    const tools = button?.closest("[data-templates]");
    const area = button?.form?.elements.markdown;
    if (!tools || !area) return;
    event.preventDefault();
    event.stopPropagation();
    const fields = button.name ? { [button.name]: button.value } : { template: button.form.elements.template.value };
    if (!Object.values(fields)[0]) return;
    const found = await ask(tools, fields);
    if (found) put(area, found);
    else button.form.requestSubmit(button);
  },
  true,
);

// In the list, Enter takes what is chosen.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-templates] select")) return;
  event.preventDefault();
  event.target.closest("[data-templates]").querySelector("[data-insert]").click();
});

const typed = (area) => area.value.slice(0, area.selectionStart).match(/(?:^|\s)\/([a-z0-9][a-z0-9-]{0,29})$/)?.[1];

document.addEventListener("keydown", async (event) => {
  const area = event.target;
  const tools = area.form?.querySelector("[data-templates]");
  if (!tools || area.name !== "markdown" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") words(tools.dataset.templates);
  if (!["Tab", " "].includes(event.key) || event.shiftKey) return;
  const word = typed(area);
  if (!word) return;
  const { now, list } = words(tools.dataset.templates);
  // who types fast has pressed Tab before the words are here; a space is too common to be held back
  if (now ? !now.has(word) : event.key === " ") return;
  event.preventDefault();
  const end = area.selectionStart;
  if (!(await list).has(word)) return;
  const found = await ask(tools, { word });
  if (!found || area.value.slice(end - word.length - 1, end) !== `/${word}`) return;
  area.setSelectionRange(end - word.length - 1, end);
  put(area, found);
});
