// Live updates: one socket, which says the versions this page has and gets what came since, in order.
const versions = new Map();
const lost = document.getElementById("lost");
let socket;
// one message after another: an older one must not overtake a newer one that still waits for its swap
let heard = Promise.resolve();
let wait = 1000;
let next;
let lostTimer;

const streamsOf = (element) => element.dataset.streams.split(" ").filter(Boolean).map((stream) => stream.split("@"));

function follow(element) {
  for (const [name, version] of streamsOf(element)) {
    versions.set(name, version ? Number(version) : Date.parse(element.dataset.since) || 0);
  }
}

document.querySelectorAll("[data-streams]").forEach(follow);

// Another part of the page was put in a part's place: what is followed is what is shown.
document.addEventListener("haas:instead", ({ detail: { was, is } }) => {
  for (const [name] of was ? streamsOf(was) : []) versions.delete(name);
  follow(is);
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ have: Object.fromEntries(versions) }));
});

function connect() {
  clearTimeout(next);
  if (versions.size === 0 || socket?.readyState < WebSocket.CLOSING) return;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
  socket.addEventListener("open", () => {
    wait = 1000;
    clearTimeout(lostTimer);
    lostTimer = undefined;
    lost.hidden = true;
    socket.send(JSON.stringify({ have: Object.fromEntries(versions) }));
  });
  socket.addEventListener("message", (event) => {
    heard = heard.then(() => hear(JSON.parse(event.data))).catch(() => socket.close());
  });
  socket.addEventListener("close", (event) => {
    if (event.target !== socket || event.code === 4403 || versions.size === 0) return;
    // a page that shows nothing else live has lost nothing worth a word
    const matters = [...versions.keys()].some((name) => !name.startsWith("bell:"));
    lostTimer ??= setTimeout(() => (lost.hidden = !matters), 3000);
    // after a restart everybody comes back: pages that only have a bell take their time
    next = setTimeout(connect, wait * (0.75 + Math.random() * (matters ? 0.5 : 8)));
    wait = Math.min(wait * 2, 30000);
  });
}

async function hear({ stream, version, items, gone }) {
  if (!versions.has(stream)) return;
  if (gone) {
    versions.delete(stream);
    return;
  }
  for (const item of items) {
    if (item.reload) reload();
    else if (item.moved) fresh(item.moved.length);
    else if (item.seconds) document.dispatchEvent(new CustomEvent("haas:writing", { detail: item }));
    else await show(item);
  }
  versions.set(stream, version);
}

function parsed(html) {
  return new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
}

async function show(item) {
  const present = document.getElementById(item.id);
  if (item.inner !== undefined) {
    if (present) await htmx.swap({ sourceElement: present, target: present, text: item.inner, swap: "innerMorph" });
    return;
  }
  if (present) {
    // the server does not know which row of a list is open here
    const chosen = present.querySelector("li[aria-current]")?.id;
    await htmx.swap({ sourceElement: present, target: present, text: item.html, swap: "outerMorph" });
    if (chosen) document.getElementById(chosen)?.setAttribute("aria-current", "true");
    return;
  }
  const posts = document.getElementById("posts");
  if (!posts || (item.number ?? item.after) === undefined) return;
  const page = document.getElementById("thread");
  const number = item.number ?? item.after;
  if (Math.floor((Math.max(number, 1) - 1) / 20) + 1 !== Number(page.dataset.page)) {
    fresh(1);
    return;
  }
  const made = parsed(item.html);
  if (!made) return;
  made.classList.add("arrived");
  // its place: before the first post with a higher number; an act stands behind the post it followed
  const next = [...posts.children].find((each) => Number(each.dataset.number ?? each.dataset.after) > number);
  posts.insertBefore(made, next ?? null);
  htmx.process(made);
  document.dispatchEvent(new CustomEvent("haas:arrived", { detail: made }));
}

function fresh(count) {
  const line = document.getElementById("fresh");
  if (!line) return;
  const link = line.querySelector("a");
  link.textContent = count === 1 ? line.dataset.one : line.dataset.many.replace("{n}", count);
  line.hidden = false;
}

function reload() {
  const typed = [...document.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
  if (!typed) location.reload();
  else fresh(1);
}

// What other modules have to say to the server; lost while there is no connection.
document.addEventListener("haas:say", ({ detail }) => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(detail));
});

connect();
window.addEventListener("online", connect);
window.addEventListener("pagehide", () => socket?.close());
window.addEventListener("pageshow", (event) => event.persisted && connect());
