// Menus are details: with script they close on Escape, on a click elsewhere, and when another opens.
const open = () => document.querySelectorAll("details.menu[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
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
