// What drops down under the search field: arrows walk through it, Escape and leaving close it.
const form = document.querySelector(".top .find");
const field = form?.querySelector("input");
const list = document.getElementById("live-results");

function walk(event) {
  const links = [...list.querySelectorAll("a")];
  if (!links.length) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) (links[links.indexOf(document.activeElement) + step] ?? field).focus();
  else if (event.key === "Escape") {
    list.replaceChildren();
    field.focus();
  } else return;
  // Escape would empty the field as well
  event.preventDefault();
}

if (form && list) {
  form.addEventListener("keydown", walk);
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) list.replaceChildren();
  });
  // a click takes the focus away before it follows the link, in browsers where links take none
  list.addEventListener("mousedown", (event) => event.preventDefault());
  // what arrives late belongs to nobody any more
  list.addEventListener("htmx:after:swap", () => {
    if (!form.contains(document.activeElement)) list.replaceChildren();
  });
}
