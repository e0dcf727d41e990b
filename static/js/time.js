// Times grow old while a page is open: those of the last week are told again every minute, in the server's words.
const [justNow, minutes, hours, days] = document.documentElement.dataset.ago.split("|");

function words(seconds) {
  if (seconds < 60) return justNow;
  if (seconds < 3600) return minutes.replace("{n}", Math.floor(seconds / 60));
  if (seconds < 86400) return hours.replace("{n}", Math.floor(seconds / 3600));
  return days.replace("{n}", Math.floor(seconds / 86400));
}

function refresh(within = document) {
  for (const time of within.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    // what is still to come keeps its date; clocks may differ by a little
    if (!(seconds > -60 && seconds < 7 * 86400)) continue;
    const text = words(seconds);
    // The text may stand in a link inside.
    const inner = time.querySelector("a") ?? time;
    if (inner.textContent !== text) inner.textContent = text;
  }
}

refresh();
setInterval(refresh, 60000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.addEventListener("htmx:after:swap", () => refresh());
