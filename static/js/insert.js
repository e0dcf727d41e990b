// Typing for somebody: put text where the selection of a textarea is, so that Ctrl+Z takes it back.
export function insert(area, text) {
  area.focus();
  // an old command, and the only one that keeps the history of what was typed
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
