// The composer: its tools, Ctrl+B and Ctrl+I, and what becomes of a reply that was sent. Drafts and quotes beside it.
import "./drafts.js";
import "./quote.js";
import "./templates.js";
import "./writing.js";
import { insert } from "./insert.js";

// What stands around the selection, or at the head of each of its lines.
const AROUND = { bold: ["**", "**"], italic: ["*", "*"], code: ["`", "`"], link: ["[", "](https://)"] };
const BEFORE = { quote: "> ", list: "- " };

function format(area, what) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const chosen = value.slice(start, end);
  if (what in BEFORE) {
    lead(area, BEFORE[what]);
  } else if (what === "code" && chosen.includes("\n")) {
    insert(area, "```\n" + chosen + (chosen.endsWith("\n") ? "" : "\n") + "```\n");
  } else {
    const [open, close] = AROUND[what];
    const has = value.slice(start - open.length, start) === open && value.slice(end, end + close.length) === close;
    // pressed again, the marks go; but of two asterisks none is the mark of italics
    const stars = value.slice(0, start).match(/\**$/)[0].length;
    if (has && chosen && (what !== "italic" || stars % 2)) {
      area.setSelectionRange(start - open.length, end + close.length);
      insert(area, chosen);
      area.setSelectionRange(start - open.length, end - open.length);
      return;
    }
    insert(area, open + chosen + close);
    if (what === "link" && chosen) area.setSelectionRange(start + chosen.length + 3, start + chosen.length + 11);
    else area.setSelectionRange(start + open.length, start + open.length + chosen.length);
  }
}

function lead(area, mark) {
  const from = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const after = area.value.indexOf("\n", area.selectionEnd);
  const to = after < 0 ? area.value.length : after;
  const lines = area.value.slice(from, to).split("\n");
  const off = lines.every((line) => line.startsWith(mark));
  area.setSelectionRange(from, to);
  insert(area, lines.map((line) => (off ? line.slice(mark.length) : mark + line)).join("\n"));
}

document.addEventListener("click", (event) => {
  const tool = event.target.closest("[data-md]");
  if (!tool) return;
  const area = tool.closest(".composer").querySelector("textarea");
  area.focus();
  format(area, tool.dataset.md);
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const what = { b: "bold", i: "italic" }[event.key.toLowerCase()];
  if (!what || !event.target.matches(".composer textarea")) return;
  event.preventDefault();
  format(event.target, what);
});

// A field that was dragged to another size has it in its `style`, which htmx puts into the field that comes in its place;
// the page's policy lets no style come from markup.
document.addEventListener("htmx:before:swap", ({ detail }) => {
  for (const { target, fragment } of detail.tasks) {
    for (const area of target?.querySelectorAll("textarea[style]") ?? []) area.removeAttribute("style");
    // a reply that live updates brought before its own answer did is not there twice, not even for a moment
    if (target?.id === "reply") for (const post of fragment.querySelectorAll(".post")) document.getElementById(post.id)?.remove();
  }
});

// The answer to a reply is the new post and an empty form, in the place of the form: the post belongs among the
// others.
document.addEventListener("htmx:after:swap", () => {
  const posts = document.getElementById("posts");
  for (const post of document.querySelectorAll("#posts ~ .post")) {
    posts.insertBefore(post, [...posts.children].find((each) => number(each) > number(post)) ?? null);
    post.classList.add("arrived");
    document.getElementById("preview")?.replaceChildren();
  }
});

const number = (element) => Number(element.dataset.number ?? element.dataset.after);
