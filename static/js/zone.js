// Proposes the zone and the usual hour of whoever has chosen none yet; nothing is kept before they press the button.
const form = document.querySelector("form[data-guess-zone]")
if (form) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const pick = form.elements.zone
  if ([...pick.options].some((option) => option.value === zone)) pick.value = zone
}
