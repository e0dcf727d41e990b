// The Ask form: a chosen file becomes the text of its field, so that it is kept with the draft like everything typed.
document.addEventListener("change", async (event) => {
  const input = event.target;
  if (!input.matches?.("input[type=file][data-into]") || !input.files.length) return;
  const area = document.getElementById(input.dataset.into);
  const most = Number(input.dataset.most) || 400000;
  const file = input.files[0];
  const text = file.size > most * 4 ? null : (await file.text()).replaceAll("\0", "");
  input.setCustomValidity(text === null || text.length > most ? input.dataset.large : "");
  if (!input.reportValidity()) return;
  area.value = text;
  area.rows = 8;
  input.value = "";
  area.dispatchEvent(new Event("input", { bubbles: true }));
});
