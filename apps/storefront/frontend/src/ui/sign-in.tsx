/** Signing in by a code to the phone, wherever a page needs to know who is there. */
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { resume, useSession } from "../api/session";
import "../styles/confirm.css";
import { CodeForm } from "./sign-in/code";
import { PhoneForm } from "./sign-in/phone";
import { useCodeRequest, type Asked } from "./sign-in/requests";
import { Failed, Loading } from "./states";

/** Its children for whoever is signed in, the form for everybody else. */
export function SignedIn({ children }: { children: ReactNode }) {
  const session = useSession();
  if (session === "unknown") return <Loading />;
  if (session === "unreached") return <Failed error={new Error(session)} again={() => void resume()} />;
  return session === "in" ? children : <SignIn />;
}

export function SignIn() {
  const { t } = useTranslation();
  const request = useCodeRequest();
  const [asked, setAsked] = useState<Asked>({ phone: "", channel: "sms" });
  const [isCodeSent, setCodeSent] = useState(false);

  function ask(next: Asked) {
    setAsked(next);
    request.mutate(next, { onSuccess: () => setCodeSent(true) });
  }

  return (
    <section className="card sign-in" aria-labelledby="sign-in">
      <h2 id="sign-in">{t("sign_in.title")}</h2>
      {isCodeSent && request.sent ? (
        <CodeForm asked={asked} sent={request.sent} request={request} again={ask} back={() => setCodeSent(false)} />
      ) : (
        <PhoneForm asked={asked} request={request} ask={ask} />
      )}
    </section>
  );
}
