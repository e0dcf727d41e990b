// Menus are details: with script they close on Escape, on a click elsewhere, and when another opens.
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
});

// The arrows walk through what a menu offers, as Tab does.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const menu = step && event.target.closest?.("details.menu[open]");
  if (!menu || event.target.matches("textarea, input, select")) return;
  const all = [...menu.querySelectorAll(":scope > div :is(a, button, input:not([type=hidden]), textarea)")].filter((each) => each.checkVisibility());
  if (!all.length) return;
  event.preventDefault();
  const at = all.indexOf(event.target);
  all[at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length].focus();
});

document.addEventListener("click", (event) => {
  for (const menu of open()) {
    const inside = menu.contains(event.target);
    const chosen = inside && event.target.closest("details.menu > div :is(a, button)");
    if (!inside || chosen) menu.open = false;
  }
});

// Tabbing out of a menu closes it, so that it never covers what has the focus.
document.addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
