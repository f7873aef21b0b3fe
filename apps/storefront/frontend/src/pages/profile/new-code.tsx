import { useState, type FormEvent } from "react";
import { Trans, useTranslation } from "react-i18next";
import { useSecondsLeft } from "../../lib/countdown";
import { clockText } from "../../lib/time";
import { CodeField } from "../../ui/sign-in/code-field";
import type { Sent } from "../../ui/sign-in/requests";
import { Wait } from "../../ui/sign-in/wait";
import { useNumberProof, type NumberRequest } from "./number-change";
import { Refused } from "./refused";

interface Props {
  number: string;
  sent: Sent;
  request: NumberRequest;
  again: () => void;
  back: () => void;
  changed: () => void;
}

export function NewCode({ number, sent, request, again, back, changed }: Props) {
  const { t } = useTranslation();
  const proof = useNumberProof(sent.challenge);
  return (
    <>
      <p role="status">
        <Trans i18nKey="account.code_sent" values={{ phone: number }} components={{ number: <bdi dir="ltr" /> }} />
      </p>
      <Refused error={proof.error ?? request.error} field="code" />
      <CodeInput proof={proof} changed={changed} />
      <Resend sent={sent} request={request} again={again} />
      <button type="button" className="button quiet" onClick={back}>
        {t("sign_in.other_phone")}
      </button>
    </>
  );
}

function CodeInput({ proof, changed }: { proof: ReturnType<typeof useNumberProof>; changed: () => void }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");
  const wait = useSecondsLeft(proof.error?.retryAt ?? null);

  function submit(event: FormEvent) {
    event.preventDefault();
    proof.mutate(code, { onSuccess: changed });
  }

  return (
    <form onSubmit={submit} noValidate>
      <Wait seconds={wait} />
      <CodeField code={code} change={setCode} proof={proof} />
      <button type="submit" className="button wide" disabled={proof.isPending || wait > 0}>
        {proof.isPending ? t("sign_in.checking") : t("account.change_phone")}
      </button>
    </form>
  );
}

function Resend({ sent, request, again }: Pick<Props, "sent" | "request" | "again">) {
  const { t } = useTranslation();
  const left = useSecondsLeft(Math.max(sent.resendAt, request.error?.retryAt ?? 0));
  if (left > 0) {
    return (
      <p className="soft">
        {t("sign_in.resend_in")} <bdi dir="ltr">{clockText(left)}</bdi>
      </p>
    );
  }
  return (
    <button type="button" className="button quiet" disabled={request.isPending} onClick={again}>
      {t("sign_in.resend_sms")}
    </button>
  );
}
