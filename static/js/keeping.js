// Where drafts are kept: on the server, and in this browser.
export const token = document.querySelector('meta[name="csrf"]')?.content;

// localStorage may be full, or forbidden.
export function tried(deed) {
  try {
    return deed();
  } catch {
    return null;
  }
}

export function post(path, body, keepalive = false) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  return fetch(path, { method: "POST", keepalive, headers, body: JSON.stringify(body) }).catch(() => null);
}
