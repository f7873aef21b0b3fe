/* A placeholder that is pressed under the box of a text is written where the cursor stands in it. */
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  const box = chip && document.getElementById(`id_${chip.dataset.into}`);
  if (!box) {
    return;
  }
  box.focus();
  box.setRangeText(chip.dataset.insert, box.selectionStart, box.selectionEnd, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
});
