import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "../../ui/states";
import { Phone } from "../../ui/text";
import { NewCode } from "./new-code";
import { NewNumber } from "./new-number";
import { useNumberRequest } from "./number-change";

type Step = "shown" | "number" | "code" | "changed";

/** The phone, and its change: the new number, then the code that was sent there. */
export function PhoneNumber({ phone }: { phone: string }) {
  const { t } = useTranslation();
  const [step, setStep] = useState<Step>("shown");
  const [number, setNumber] = useState("");
  const request = useNumberRequest();
  const section = useRef<HTMLElement>(null);
  const ask = () => request.mutate(number, { onSuccess: () => setStep("code") });

  function end(how: Step) {
    setStep(how);
    // The field that had the focus is gone.
    section.current?.focus();
  }

  return (
    <section className="card" aria-labelledby="number" ref={section} tabIndex={-1}>
      <h2 id="number">{t("account.phone")}</h2>
      <p>
        <Phone number={phone} />
      </p>
      {step === "changed" && <Notice kind="good">{t("account.phone_changed")}</Notice>}
      {(step === "shown" || step === "changed") && (
        <button type="button" className="button quiet" onClick={() => setStep("number")}>
          {t("account.change_phone")}
        </button>
      )}
      {step === "number" && (
        <NewNumber number={number} change={setNumber} request={request} ask={ask} stop={() => end("shown")} />
      )}
      {step === "code" && request.sent && (
        <NewCode
          number={number}
          sent={request.sent}
          request={request}
          again={ask}
          back={() => setStep("number")}
          changed={() => end("changed")}
        />
      )}
    </section>
  );
}
