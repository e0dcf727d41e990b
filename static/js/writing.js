// That somebody of the team is writing an answer: said while this one types, shown while others do.
// Nothing where the page has no place for it: it is the team's alone.
const EVERY = 4000;
let said = -EVERY;
let where;
let timer;

document.addEventListener("input", ({ target, timeStamp }) => {
  if (!document.getElementById("writing") || !target.matches("#reply textarea") || !target.value.trim()) return;
  const thread = Number(document.getElementById("thread")?.dataset.thread);
  if (thread === where && timeStamp - said < EVERY) return;
  [said, where] = [timeStamp, thread];
  document.dispatchEvent(new CustomEvent("haas:say", { detail: { writing: thread } }));
});

document.addEventListener("haas:writing", ({ detail }) => {
  // found anew each time: a form that was sent is another one afterwards
  const place = document.getElementById("writing");
  if (!place) return;
  clearTimeout(timer);
  place.textContent = detail.writing;
  place.hidden = !detail.writing;
  timer = setTimeout(() => (place.hidden = true), detail.seconds * 1000);
});
