/*
 * What readers of the screen and of the keyboard need and Unfold's templates leave out: names of icons that are pressed,
 * names of the boxes that select2 draws, and keys for boxes that only answer to a mouse. The words stand, translated, in
 * #salon-names of the page.
 */
(() => {
  "use strict";

  const PRESSED = "[x-on\\:click]:not(button, input, select, a[href], nav, form)";
  const words = () => document.getElementById("salon-names")?.dataset ?? {};

  function hasName(element) {
    const text = element.cloneNode(true);
    text.querySelectorAll(".material-symbols-outlined").forEach((icon) => icon.remove());
    const isIcon = element.matches(".material-symbols-outlined");
    return Boolean(element.title || element.ariaLabel || element.querySelector("img[alt]"))
      || (!isIcon && text.textContent.trim() !== "");
  }

  function nameIcons() {
    for (const icon of document.querySelectorAll(".material-symbols-outlined")) {
      const pressed = icon.closest("a, button, [role=button], [x-on\\:click]");
      if (pressed && !hasName(pressed)) {
        const name = words()[icon.textContent.trim().replace(/_(\w)/g, (_all, letter) => letter.toUpperCase())];
        if (!name) {
          continue;
        }
        pressed.ariaLabel = name;
      }
      if (icon !== pressed) {
        icon.ariaHidden = "true";
      }
    }
  }

  function openToKeys() {
    for (const box of document.querySelectorAll(PRESSED)) {
      if (!box.hasAttribute("tabindex") && hasName(box)) {
        box.tabIndex = 0;
        box.role ??= "button";
        box.addEventListener("keydown", (event) => {
          if (event.target === box && (event.key === "Enter" || event.key === " ")) {
            event.preventDefault();
            box.click();
          }
        });
      }
    }
  }

  function nameChoices() {
    for (const box of document.querySelectorAll(".select2-container")) {
      const select = box.previousElementSibling;
      const label = select?.labels?.[0]?.textContent.trim() || select?.ariaLabel;
      if (label) {
        box.querySelectorAll("[role=combobox], [role=textbox]").forEach((part) => { part.ariaLabel = label; });
      }
    }
  }

  let isDue = false;

  function mend() {
    isDue = false;
    nameIcons();
    openToKeys();
    nameChoices();
  }

  function mendSoon() {
    if (!isDue) {
      isDue = true;
      requestAnimationFrame(mend);
    }
  }

  // A dialog is ready to be typed into; what its first box holds already is typed over.
  function begin(event) {
    if (event.detail.target.id === "modal-content") {
      const first = event.detail.target.querySelector("select, textarea, input:not([type=hidden]), [type=submit]");
      setTimeout(() => {
        first?.focus();
        first?.select?.();
      }, 50);
    }
  }

  // Dialogs, rows that are added and the boxes of select2 come after the page; all of them are new elements.
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver(mendSoon).observe(document.body, { childList: true, subtree: true });
    mendSoon();
    document.body.addEventListener("htmx:afterSwap", begin);
  });
})();
