import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, body, type Refusal, type Schemas } from "../../api/client";
import { dayText, hijriText } from "../../lib/time";
import { Dialog } from "../../ui/dialog";
import { Notice } from "../../ui/states";

type Request = Schemas["DataRequest"];

export function Erasure() {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const erase = useMutation<Request, Refusal>({
    mutationFn: () => body(api.DELETE("/api/v1/me/")),
    onSuccess: () => setOpen(false),
  });

  function open() {
    if (erase.isError) erase.reset();
    setOpen(true);
  }

  return (
    <>
      <div role="status">{erase.data && <Asked request={erase.data} />}</div>
      <button type="button" className="button danger wide" onClick={open}>
        {t("account.erase")}
      </button>
      {isOpen && (
        <Dialog title={t("account.erase_title")} close={() => setOpen(false)}>
          <What />
          {erase.error && <Notice kind="problem">{erase.error.message}</Notice>}
          <div className="choices">
            <button type="button" className="button quiet" onClick={() => setOpen(false)}>
              {t("account.keep")}
            </button>
            <button type="button" className="button danger" disabled={erase.isPending} onClick={() => erase.mutate()}>
              {erase.isPending ? t("account.asking") : t("account.erase_confirm")}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function What() {
  const { t } = useTranslation();
  return (
    <ul>
      <li>{t("account.erase_when")}</li>
      <li>{t("account.erase_what")}</li>
      <li>{t("account.erase_kept")}</li>
      <li>{t("account.erase_before")}</li>
    </ul>
  );
}

function Asked({ request }: { request: Request }) {
  const { t } = useTranslation();
  const due = `${request.due_on}T12:00:00Z`;
  return (
    <div className="notice info">
      <p>{t("account.erase_asked", { day: dayText(due, "UTC"), hijri: hijriText(due, "UTC") })}</p>
      {request.obstacles.length > 0 && (
        <>
          <p>{t("account.obstacles")}</p>
          <ul>
            {request.obstacles.map(({ detail }) => (
              <li key={detail}>{detail}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
