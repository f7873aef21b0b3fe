/** What a page shows while it has nothing: waiting, refused, empty. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Refusal } from "../api/client";
import NotFound from "../pages/not-found";

export function Loading() {
  const { t } = useTranslation();
  return (
    <div className="loading" role="status">
      <span className="visually-hidden">{t("loading")}</span>
      <div className="bone" />
      <div className="bone" />
      <div className="bone" />
    </div>
  );
}

/** Why something could not be shown, with a way to try again. A missing row is a page of its own. */
export function Failed({ error, again }: { error: Error; again?: () => void }) {
  const { t } = useTranslation();
  if (error instanceof Refusal && error.status === 404) return <NotFound />;
  return (
    <Notice kind="problem">
      <p>{error instanceof Refusal ? error.message : t("problem.unavailable")}</p>
      {again && (
        <button type="button" className="button quiet" onClick={again}>
          {t("again")}
        </button>
      )}
    </Notice>
  );
}

/** A word to the reader that a screen reader says at once. */
export function Notice({ kind, children }: { kind: "good" | "info" | "problem"; children: ReactNode }) {
  return (
    <div className={`notice ${kind}`} role={kind === "problem" ? "alert" : "status"}>
      {children}
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <div className="empty">{children}</div>;
}
