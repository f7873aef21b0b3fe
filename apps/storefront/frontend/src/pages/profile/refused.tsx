import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Refusal } from "../../api/client";
import { signOut } from "../../api/session";
import { Notice } from "../../ui/states";

/** What was refused besides the field's own; an old sign-in is renewed by signing in again. */
export function Refused({ error, field }: { error: Refusal | null; field: string }) {
  const { t } = useTranslation();
  const [isLeaving, setLeaving] = useState(false);
  const problem = error?.besides(field);
  if (!error || !problem) return null;

  function leave() {
    setLeaving(true);
    // Without an answer the person stays signed in, and the button can be pressed again.
    void signOut().catch(() => setLeaving(false));
  }

  return (
    <Notice kind="problem">
      <p>{problem}</p>
      {error.has("sign_in_again") && (
        <button type="button" className="button quiet" disabled={isLeaving} onClick={leave}>
          {t("account.sign_in_again")}
        </button>
      )}
    </Notice>
  );
}
