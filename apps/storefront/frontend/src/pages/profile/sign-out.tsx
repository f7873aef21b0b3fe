import { useState } from "react";
import { useTranslation } from "react-i18next";
import { signOut } from "../../api/session";
import { Notice } from "../../ui/states";

export function SignOut() {
  const { t } = useTranslation();
  const [state, setState] = useState<"idle" | "leaving" | "failed">("idle");

  function leave() {
    setState("leaving");
    void signOut().catch(() => setState("failed"));
  }

  return (
    <>
      {state === "failed" && <Notice kind="problem">{t("account.sign_out_failed")}</Notice>}
      <button type="button" className="button quiet wide" disabled={state === "leaving"} onClick={leave}>
        {t("account.sign_out")}
      </button>
    </>
  );
}
