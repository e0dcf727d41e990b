// Quoting: what is selected in a post, else the whole post, goes into the composer when Quote is pressed: the post's own
// button, or the one that stands beside what is selected for as long as it is.
import { insert } from "./insert.js";

// A press on the link may end the selection, so it is looked at before.
let pressed = null;

function selected() {
  const selection = getSelection();
  const text = selection.toString().trim();
  if (!text || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  const within = (node) => (node.closest ? node : node.parentElement)?.closest(".post .text");
  const start = within(range.startContainer);
  // a triple click ends at the beginning of what follows
  return start && (start === within(range.endContainer) || range.endOffset === 0) ? { post: start.closest(".post"), text } : null;
}

const composer = () => document.querySelector("#reply textarea");

const quoteOf = ({ post, text }) =>
  `[quote="${post.dataset.author}, post:${post.dataset.number}, topic:${document.getElementById("thread").dataset.thread}"]\n${text}\n[/quote]\n\n`;

async function quote(link, area) {
  const chosen = pressed ?? selected();
  pressed = null;
  if (chosen) return put(quoteOf(chosen), area);
  const { thread } = document.getElementById("thread").dataset;
  const answer = await fetch(`/quotes/${thread}/${link.closest(".post").dataset.number}`).catch(() => null);
  if (answer?.ok) put(await answer.text(), area);
  else location.href = link.href;
}

function put(text, area) {
  const at = area.selectionEnd;
  const before = area.value.slice(0, at);
  area.setSelectionRange(at, at);
  insert(area, (before.trim() ? (before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n") : "") + text);
  area.scrollIntoView({ block: "center" });
  area.scrollTop = area.scrollHeight;
}

document.addEventListener(
  "pointerdown",
  (event) => {
    pressed = event.target.closest("a[data-quote]") ? selected() : null;
  },
  true,
);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-quote]");
  const area = composer();
  if (!link || !area || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  quote(link, area);
});

const beside = Object.assign(document.createElement("button"), { type: "button", className: "btn btn--s beside" });
let offered = null;
let isDown = false;
let timer;

// It stands behind the text of its post, where Tab comes next, and is seen below the end of what is selected, or below
// the last of it that is in sight.
function offer() {
  const area = composer();
  const now = area && selected();
  const link = now?.post.querySelector("a[data-quote]");
  // a browser may let go of what is selected when the button is reached by Tab
  if (!link && document.activeElement === beside) return;
  offered = link ? now : null;
  if (!link) return beside.remove();
  const text = now.post.querySelector(".text");
  const range = getSelection().getRangeAt(0).cloneRange();
  if (!text.contains(range.endContainer)) range.setEnd(text, text.childNodes.length);
  const rects = [...range.getClientRects()].filter((rect) => rect.width);
  const low = Math.min(innerHeight, area.form.getBoundingClientRect().top) - 60;
  const end = rects.findLast((rect) => rect.bottom < low) ?? rects.at(-1);
  if (!end) return beside.remove();
  if (beside.previousElementSibling !== text) {
    beside.replaceChildren(...link.cloneNode(true).childNodes);
    text.after(beside);
  }
  const box = now.post.getBoundingClientRect();
  beside.style.left = `${Math.max(0, Math.min(end.right - box.left, box.width) - beside.offsetWidth)}px`;
  beside.style.top = `${end.bottom - box.top}px`;
}

function later() {
  clearTimeout(timer);
  // while a mouse selects, nothing is to stand in its way; what is not selected any more is not offered a moment longer
  if (getSelection().isCollapsed) offer();
  else if (!isDown) timer = setTimeout(offer, 200);
}

document.addEventListener("selectionchange", later);
document.addEventListener("pointerdown", ({ pointerType }) => (isDown = pointerType === "mouse"));
for (const kind of ["pointerup", "pointercancel"]) document.addEventListener(kind, () => ((isDown = false), later()));
addEventListener("resize", later);
beside.addEventListener("mousedown", (event) => event.preventDefault());
beside.addEventListener("blur", later);
beside.addEventListener("click", () => {
  put(quoteOf(offered), composer());
  beside.remove();
});
