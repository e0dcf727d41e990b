// Copying: code by a button in its box, an address by anything with data-copy.
const { copy, copied, selected } = document.getElementById("flash").dataset;

function addButtons() {
  for (const header of document.querySelectorAll(".codebox > header:not(:has(button))")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn--quiet btn--s";
    button.dataset.copy = "";
    button.textContent = copy;
    header.append(button);
  }
}

// The last words of a button, beside its icon and its key; of a post's address, its time.
const label = (button) =>
  [...(button.querySelector("time") ?? button).childNodes].findLast((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const address = button.dataset.copy || button.href;
  const code = button.closest(".codebox")?.querySelector("pre");
  try {
    await navigator.clipboard.writeText(address ? new URL(address, location.href).href : code.textContent);
    say(button, copied);
  } catch {
    // refused: an address is followed, as where there is no clipboard; code is selected, so that the keys copy it
    if (address) return location.assign(address);
    getSelection().selectAllChildren(code);
    say(button, selected);
  }
});

// For two seconds, in place of what the button says.
function say(button, told) {
  const words = label(button);
  if (!words || words.data === copied || words.data === selected) return;
  const before = words.data;
  words.data = told;
  // a time is told anew now and then, but not while it says this
  const time = button.querySelector("time[data-ago]");
  time?.removeAttribute("data-ago");
  setTimeout(() => {
    words.data = before;
    time?.setAttribute("data-ago", "");
  }, 2000);
}

// Browsers without a clipboard (plain http) get no button.
if (navigator.clipboard) {
  addButtons();
  document.addEventListener("htmx:after:swap", addButtons);
}
