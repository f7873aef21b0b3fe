/* The search box: opens with Ctrl+K (or Command+K) from anywhere and by its button, and works by keyboard alone. */
document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.getElementById("find");
  if (!dialog) return;
  const box = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const status = dialog.querySelector("[role=status]");
  const PAUSE = 180;
  let answered = "";
  let chosen = -1;
  let isHurried = false;
  let timer;
  let running;

  const hits = () => [...list.querySelectorAll("[role=option]")];

  const choose = (index) => {
    const all = hits();
    chosen = all.length ? Math.min(Math.max(index, 0), all.length - 1) : -1;
    all.forEach((hit, place) => hit.setAttribute("aria-selected", String(place === chosen)));
    box.setAttribute("aria-expanded", String(all.length > 0));
    if (chosen < 0) {
      box.removeAttribute("aria-activedescendant");
      return;
    }
    box.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  };

  const show = (html, term) => {
    list.innerHTML = html;
    answered = term;
    status.textContent = "";
    choose(0);
  };

  const go = (inNewTab) => {
    const hit = hits()[chosen];
    if (!hit) return;
    if (inNewTab) window.open(hit.href, "_blank", "noopener");
    else window.location.assign(hit.href);
  };

  const find = async () => {
    const term = box.value.trim();
    running?.abort();
    if (!term) {
      show("", "");
      return;
    }
    running = new AbortController();
    dialog.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${dialog.dataset.url}?${new URLSearchParams({ s: term })}`, {
        headers: { "X-Requested-With": "XMLHttpRequest" },
        cache: "no-store",
        signal: running.signal,
      });
      const elsewhere = answer.headers.get("HX-Redirect");
      if (elsewhere) window.location.assign(elsewhere);
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.text(), term);
      if (isHurried) go(false);
    } catch (error) {
      if (error.name === "AbortError") return;
      show("", "");
      status.textContent = dialog.dataset.failed;
    }
    isHurried = false;
    dialog.removeAttribute("aria-busy");
  };

  const open = () => {
    if (!dialog.open) dialog.showModal();
    box.focus();
    box.select();
  };

  document.addEventListener("keydown", (event) => {
    // By its place on the keyboard: with Arabic letters that key is another one.
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.code === "KeyK") {
      event.preventDefault();
      open();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-find]")) open();
  });

  box.addEventListener("input", () => {
    isHurried = false;
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE);
  });

  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      // The browser would only empty the box.
      event.preventDefault();
      dialog.close();
    } else if (event.key === "Enter") {
      event.preventDefault();
      clearTimeout(timer);
      if (answered === box.value.trim()) go(event.ctrlKey || event.metaKey);
      else {
        // Faster than the answer: the first hit of what is typed now, not of what stood there before.
        isHurried = true;
        find();
      }
    }
  });

  list.addEventListener("mousemove", (event) => {
    const hit = event.target.closest("[role=option]");
    if (hit && hits()[chosen] !== hit) choose(hits().indexOf(hit));
  });

  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest(".find-close")) dialog.close();
  });

  // Names and numbers do not stay behind on a screen that others look at.
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    running?.abort();
    box.value = "";
    show("", "");
  });
  window.addEventListener("pagehide", () => dialog.close());
});
