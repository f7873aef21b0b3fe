/*
 * Material Symbols draws its arrows for left-to-right reading. Marks the ones that mean "forward" or
 * "back" with the class icon-flip, which project/css/admin.css mirrors on right-to-left pages only.
 * Icons that Unfold turns with a rotate- class already point up or down and are left alone.
 */
(() => {
  "use strict";

  const DIRECTIONAL = new Set([
    "arrow_back",
    "arrow_forward",
    "arrow_right_alt",
    "chevron_left",
    "chevron_right",
    "format_indent_decrease",
    "format_indent_increase",
    "format_list_bulleted",
    "logout",
    "redo",
    "undo",
  ]);

  function isRotated(icon) {
    return Array.from(icon.classList).some((name) => name.startsWith("rotate-") || name.startsWith("-rotate-"));
  }

  function markIcons() {
    for (const icon of document.querySelectorAll(".material-symbols-outlined")) {
      if (DIRECTIONAL.has(icon.textContent.trim()) && !isRotated(icon)) {
        icon.classList.add("icon-flip");
      }
    }
  }

  document.addEventListener("DOMContentLoaded", markIcons);
  document.addEventListener("htmx:afterSwap", markIcons);
})();
