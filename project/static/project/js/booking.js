/* The page of a visit: its menu closes by itself, and links are copied. */
(() => {
  "use strict";

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details[data-closing][open]")) {
      if (menu !== except) {
        menu.open = false;
      }
    }
  }

  async function copy(button) {
    const told = button.querySelector("[aria-live]");
    const before = told.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // Without a secure address or a permission there is no clipboard: what is selected can be copied by hand.
      const shown = button.parentElement.querySelector("bdi[dir=ltr]");
      if (shown) {
        window.getSelection().selectAllChildren(shown);
      }
      return;
    }
    told.textContent = button.dataset.copied;
    setTimeout(() => {
      told.textContent = before;
    }, 2000);
  }

  document.addEventListener("click", (event) => {
    const menu = event.target.closest("details[data-closing]");
    // A step was chosen: its dialog opens and the menu goes.
    closeMenus(event.target.closest("details[data-closing] nav") ? null : menu);
    const button = event.target.closest("[data-copy]");
    if (button) {
      copy(button);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      closeMenus(null);
    }
  });
})();
