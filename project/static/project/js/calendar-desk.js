/*
 * What the calendar says to the server and to the person: requests, notices, and the question for a reason.
 * Everything shown is written as text, never as markup.
 */
window.calendarDesk = (root, settings) => {
  "use strict";

  const told = document.getElementById("calendar-told");
  const ask = document.getElementById("calendar-ask");
  let touched = true;
  for (const type of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    document.addEventListener(type, () => { touched = true; }, { passive: true, capture: true });
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    made.className = className || "";
    if (text !== undefined) {
      made.textContent = text;
    }
    return made;
  }

  /* Somebody who was signed out is shown where to sign in. */
  function leave(response) {
    const target = response.headers.get("HX-Redirect");
    if (target) {
      window.location.assign(target);
    } else if (response.redirected) {
      window.location.reload();
    }
    return Boolean(target) || response.redirected;
  }

  async function get(url, headers = {}) {
    const response = await fetch(url, {
      headers: { "X-Requested-With": "XMLHttpRequest", "HX-Current-URL": window.location.href, ...headers },
    });
    return leave(response) ? null : response;
  }

  /* A poll that nobody is behind does not keep a forgotten screen signed in. */
  function poll(url, headers) {
    const unattended = touched ? {} : { "X-Unattended": "1" };
    touched = false;
    return get(url, { ...headers, ...unattended });
  }

  async function post(url, said) {
    try {
      const response = await fetch(url, {
        method: "POST",
        body: new URLSearchParams(said),
        headers: {
          "X-CSRFToken": root.dataset.token,
          "X-Requested-With": "XMLHttpRequest",
          "HX-Current-URL": window.location.href,
        },
      });
      if (leave(response)) {
        return null;
      }
      const answer = await response.json();
      return response.ok ? answer : { done: false, text: answer.detail, reasons: [] };
    } catch {
      return { done: false, text: settings.texts.failed, reasons: [] };
    }
  }

  function notice(kind, title, lines = [], buttons = []) {
    const box = element("div", `calendar-notice notice-${kind}`);
    box.append(element("strong", "", title));
    if (lines.length) {
      const list = element("ul");
      for (const line of lines) {
        list.append(bullet(line));
      }
      box.append(list);
    }
    for (const { text, press } of buttons) {
      const button = element("button", "calendar-button", text);
      button.type = "button";
      button.addEventListener("click", press);
      box.append(button);
    }
    const close = element("button", "calendar-button notice-close");
    close.type = "button";
    close.setAttribute("aria-label", settings.texts.close);
    close.append(icon("close"));
    close.addEventListener("click", () => box.remove());
    box.append(close);
    told.replaceChildren(box);
    if (kind === "done") {
      setTimeout(() => box.remove(), 8000);
    }
  }

  function icon(name) {
    const made = element("span", "material-symbols-outlined", name);
    made.setAttribute("aria-hidden", "true");
    return made;
  }

  function bullet({ who, text }) {
    const line = element("li");
    if (who) {
      line.append(element("bdi", "", who), ": ");
    }
    line.append(element("bdi", "", text));
    return line;
  }

  function done(title, answer) {
    notice(answer.warnings.length ? "warning" : "done", `${title}: ${answer.text}`, answer.warnings.map((text) => ({ text })));
  }

  function refused(answer, buttons = []) {
    const lines = answer.reasons && answer.reasons.length ? answer.reasons : [{ text: answer.text }];
    notice("refused", settings.texts.notDone, lines, buttons);
  }

  /* The reason a person gives, or null when they leave it. */
  function reason(title, lines, submit, given = "") {
    const form = ask.querySelector("form");
    ask.querySelector("h2").textContent = title;
    ask.querySelector("[data-reasons]").replaceChildren(...lines.map(bullet));
    ask.querySelector("[type=submit]").textContent = submit;
    form.elements.reason.value = given;
    ask.returnValue = "";
    ask.showModal();
    form.elements.reason.focus();
    return new Promise((resolve) => {
      ask.addEventListener(
        "close",
        () => resolve(ask.returnValue === "send" ? form.elements.reason.value.trim() || null : null),
        { once: true },
      );
    });
  }

  ask.querySelector("[data-leave]").addEventListener("click", () => ask.close(""));

  return { bullet, done, element, get, icon, notice, poll, post, reason, refused, told };
};
