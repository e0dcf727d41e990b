// That somebody of the team is writing an answer: said while this one types, shown while others do.
const EVERY = 4000;
const place = document.getElementById("writing");
const thread = Number(document.getElementById("thread")?.dataset.thread);
let said = -EVERY;
let timer;

document.addEventListener("input", ({ target, timeStamp }) => {
  if (!place || !target.matches("#reply textarea") || !target.value.trim() || timeStamp - said < EVERY) return;
  said = timeStamp;
  document.dispatchEvent(new CustomEvent("haas:say", { detail: { writing: thread } }));
});

document.addEventListener("haas:writing", ({ detail }) => {
  if (!place) return;
  clearTimeout(timer);
  if (place.textContent !== detail.writing) place.textContent = detail.writing;
  place.hidden = !detail.writing;
  timer = setTimeout(() => (place.hidden = true), detail.seconds * 1000);
});
