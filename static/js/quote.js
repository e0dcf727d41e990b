// Quoting: what is selected in a post, else the whole post, goes into the composer when Quote is pressed.
import { insert } from "./insert.js";

// A press on the link may end the selection, so it is looked at before.
let pressed = null;

function selected() {
  const selection = getSelection();
  const text = selection.toString().trim();
  if (!text || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  const within = (node) => (node.closest ? node : node.parentElement)?.closest("#posts .post .text");
  const start = within(range.startContainer);
  // a triple click ends at the beginning of what follows
  return start && (start === within(range.endContainer) || range.endOffset === 0) ? { post: start.closest(".post"), text } : null;
}

const quoteOf = ({ post, text }) =>
  `[quote="${post.dataset.author}, post:${post.dataset.number}, topic:${document.getElementById("thread").dataset.thread}"]\n${text}\n[/quote]\n\n`;

async function quote(link, area) {
  const post = link.closest(".post");
  const chosen = pressed ?? selected();
  pressed = null;
  let text;
  if (chosen) {
    text = quoteOf(chosen);
  } else {
    const { thread } = document.getElementById("thread").dataset;
    const answer = await fetch(`/quotes/${thread}/${post.dataset.number}`).catch(() => null);
    if (!answer?.ok) {
      location.href = link.href;
      return;
    }
    text = await answer.text();
  }
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
  const area = document.querySelector("#reply textarea");
  if (!link || !area || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  quote(link, area);
});
