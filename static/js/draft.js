// One draft: the text of a form, its copy in this browser while the server has not got it, and its version there.
import { post, token, tried } from "./keeping.js";

const LATER = 3000;
const MONTH = 30 * 86400e3;
const KEPT = /^(title|markdown|project|category|private|capacity|only_team|verbatim|purpose|tags|reason|upon|field-\d+)$/;

// What this page had the server keep, by key: a form that was fetched meanwhile may not show it yet.
const known = new Map();

const textOf = ({ title = "", markdown = "" }) => `${title}\n${markdown}`.trim();

export class Draft {
  constructor(form) {
    this.form = form;
    this.key = form.dataset.draft;
    this.state = form.querySelector("[data-draft-state]");
    this.words = this.state.dataset;
    this.place = `haas:draft:${this.words.owner}:${this.key}`;
    this.guest = `haas:draft::${this.key}`;
    this.version = this.words.version === "" ? null : Number(this.words.version);
    const { title, markdown } = form.elements;
    this.saved = textOf({ title: title?.defaultValue, markdown: markdown.defaultValue });
    this.whole = JSON.stringify(this.fields);
    this.restore();
  }

  get fields() {
    const sent = new FormData(this.form);
    return Object.fromEntries([...sent].filter(([name]) => KEPT.test(name)));
  }

  get text() { return textOf(this.fields); }

  // Here first, whatever becomes of it on the server.
  keep() {
    if (!this.text) return this.forget();
    const record = JSON.stringify({ fields: this.fields, version: this.version, at: Date.now() });
    tried(() => localStorage.setItem(this.place, record));
  }

  forget() {
    tried(() => localStorage.removeItem(this.place));
    tried(() => localStorage.removeItem(this.guest));
  }

  // What the server has not got: into an empty form, or where it goes on from what is shown; else it is offered.
  restore() {
    const read = (place) => tried(() => JSON.parse(localStorage.getItem(place)));
    const kept = read(this.place) ?? read(this.guest);
    const newer = known.get(this.key);
    if (!kept && newer?.version > this.version) {
      Object.assign(this, { version: newer.version, saved: textOf(newer.fields) });
      this.fill(newer.fields);
    }
    if (!kept) return;
    const text = textOf(kept.fields);
    if (text === this.saved || Date.now() - kept.at > MONTH) this.forget();
    else if (!this.saved || (this.version && kept.version === this.version)) this.fill(kept.fields);
    else if (text !== this.text) this.offer(kept.fields);
  }

  fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.form.querySelector(`input[name="${name}"][type="checkbox"]`) ?? this.form.elements[name];
      if (!field || (!value && name !== "markdown")) continue;
      if (field.type === "checkbox") field.checked = true;
      else field.value = value;
      field.dispatchEvent?.(new Event("input", { bubbles: true }));
    }
    this.changed();
    // the page before this one may have sent the same text on leaving; the sooner this one knows of it the better
    this.save();
  }

  offer(fields) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "btn btn--quiet btn--s", textContent: this.words.show });
    button.addEventListener("click", () => this.fill(fields));
    this.state.replaceChildren(`${this.words.other} `, button);
  }

  changed() {
    if (this.sending) return;
    this.keep();
    if (!token) this.state.textContent = this.text ? this.words.here : "";
    else if (!this.stopped) this.timer ??= setTimeout(() => this.save(), LATER);
  }

  async save({ leaving = false } = {}) {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { text } = this, whole = JSON.stringify(this.fields); // a choice alone is worth keeping too
    const same = text === this.saved && (!text || whole === this.whole);
    if (!token || this.stopped || this.sending || same || (leaving && whole === this.left)) return;
    // one at a time, or the second would meet the first as a newer one; there is no waiting when leaving
    if (this.underway && !leaving) {
      await this.underway;
      return this.save();
    }
    if (leaving) this.left = whole;
    else this.state.textContent = this.words.saving;
    this.underway = this.send(this.underway ? null : this.version, leaving);
    await this.underway;
    this.underway = null;
  }

  async send(version, leaving) {
    const { fields } = this;
    const sent_as = this.form.elements.key?.value;
    const answer = await post("/drafts", { ...fields, key: this.key, version, sent_as }, leaving);
    const kept = answer?.ok && await answer.json();
    if (kept) this.version = kept.version;
    // asked when all of the answer is here: a text that went off while it came is no draft any more
    if (this.sending) return;
    if (!kept || (!kept.version && textOf(fields))) {
      this.stopped = answer?.status === 409;
      this.left = undefined;
      this.state.textContent = this.stopped ? this.words.conflict : this.words.local;
      return;
    }
    known.set(this.key, { version: this.version, fields });
    this.saved = textOf(fields);
    this.whole = JSON.stringify(fields);
    if (this.text === this.saved) this.forget();
    else this.keep();
    const time = new Date(kept.saved_at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    this.state.textContent = this.saved ? this.words.kept.replace("{time}", time) : "";
  }

  // The form is on its way: nothing is to make a draft of it again.
  begin() {
    clearTimeout(this.timer);
    known.delete(this.key);
    this.sending = true;
  }

  // On the server it is gone with what was sent; what still arrives there names the key that it was sent with.
  arrived() {
    this.forget();
  }

  failed() {
    this.timer = this.sending = undefined;
    this.changed();
  }
}
