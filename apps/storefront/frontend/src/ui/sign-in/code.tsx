import { useState, type FormEvent } from "react";
import { Trans, useTranslation } from "react-i18next";
import { useSecondsLeft } from "../../lib/countdown";
import { clockText } from "../../lib/time";
import { Notice } from "../states";
import { CodeField, DIGITS } from "./code-field";
import { useCodeProof, type Asked, type Channel, type CodeRequest, type Sent } from "./requests";
import { Wait } from "./wait";

interface Props {
  asked: Asked;
  sent: Sent;
  request: CodeRequest;
  again: (asked: Asked) => void;
  back: () => void;
}

export function CodeForm({ asked, sent, request, again, back }: Props) {
  const { t } = useTranslation();
  const proof = useCodeProof(sent.challenge);
  const wait = useSecondsLeft(proof.error?.retryAt ?? null);
  const problem = proof.error?.besides("code") ?? request.error?.message;

  return (
    <>
      <p role="status">
        <Trans
          i18nKey={`sign_in.sent_${asked.channel}`}
          values={{ phone: asked.phone }}
          components={{ number: <bdi dir="ltr" /> }}
        />
      </p>
      {problem && <Notice kind="problem">{problem}</Notice>}
      <Wait seconds={wait} />
      <CodeInput proof={proof} isWaiting={wait > 0} />
      <Resend sent={sent} request={request} again={(channel) => again({ ...asked, channel })} />
      <button type="button" className="button quiet wide" onClick={back}>
        {t("sign_in.other_phone")}
      </button>
    </>
  );
}

type Proof = ReturnType<typeof useCodeProof>;

function CodeInput({ proof, isWaiting }: { proof: Proof; isWaiting: boolean }) {
  const { t } = useTranslation();
  const [code, setCode] = useState("");

  function change(digits: string) {
    setCode(digits);
    if (digits.length === DIGITS && digits !== code) send(digits);
  }

  function send(digits: string) {
    if (!proof.isPending && !isWaiting) proof.mutate(digits);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    send(code);
  }

  return (
    <form onSubmit={submit} noValidate>
      <CodeField code={code} change={change} proof={proof} />
      <button type="submit" className="button wide" disabled={proof.isPending || isWaiting}>
        {proof.isPending ? t("sign_in.checking") : t("sign_in.enter")}
      </button>
    </form>
  );
}

interface ResendProps {
  sent: Sent;
  request: CodeRequest;
  again: (channel: Channel) => void;
}

function Resend({ sent, request, again }: ResendProps) {
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
    <div className="resend">
      <p>{t("sign_in.not_arrived")}</p>
      {(["sms", "whatsapp"] as const).map((channel) => (
        <button
          key={channel}
          type="button"
          className="button quiet"
          disabled={request.isPending}
          onClick={() => again(channel)}
        >
          {t(`sign_in.resend_${channel}`)}
        </button>
      ))}
    </div>
  );
}
