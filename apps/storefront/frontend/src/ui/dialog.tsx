import { useId, useLayoutEffect, useRef, type ReactNode } from "react";
import "../styles/dialog.css";

/** A question above the page. The browser keeps the focus inside, closes it by Esc and gives the focus back. */
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onClose={(event) => {
        // Opened anew meanwhile: the event of the earlier time comes late.
        if (!event.currentTarget.open) close();
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
