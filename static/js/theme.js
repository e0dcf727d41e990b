// Light or dark at once; the choice goes to the account, or for a guest into a cookie that the server reads.
const root = document.documentElement;
const token = document.querySelector('meta[name="csrf"]')?.content;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-theme-switch]");
  if (!button) return;
  event.preventDefault();
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = isDark ? "light" : "dark";
  root.dataset.theme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme;
  if (token) {
    const sent = await fetch("/preferences/theme", {
      method: "POST",
      headers: { "X-CSRF-Token": token },
      body: new URLSearchParams({ theme }),
    }).catch(() => null);
    if (sent?.ok) return;
  }
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `haas_theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
});
