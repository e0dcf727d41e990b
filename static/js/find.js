// What drops down under a field one types in, the search field and the Ask box: arrows walk through it, Escape and leaving
// close it.
function dropping(field) {
  const form = field.form;
  const list = document.getElementById(field.getAttribute("aria-controls"));
  if (!list) return;
  form.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    // of the Ask box the arrows choose a project as well
    if (!links.length || event.target.matches("select")) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) (links[links.indexOf(document.activeElement) + step] ?? field).focus();
    else if (event.key === "Escape") {
      list.replaceChildren();
      field.focus();
    } else return;
    // Escape would empty the field as well
    event.preventDefault();
  });
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
document.querySelectorAll(".find input, .askbox input[aria-controls]").forEach(dropping);
