import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Refusal } from "../../api/client";
import { digitsOf } from "../../lib/digits";
import { Field } from "../field";

export const DIGITS = 6;

interface Props {
  code: string;
  change: (digits: string) => void;
  proof: { error: Refusal | null; isPending: boolean };
}

/** Where a code is typed or pasted, in digits of any script. */
export function CodeField({ code, change, proof }: Props) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  // A wrong code stays readable, and the next key replaces it.
  useEffect(() => input.current?.select(), [proof.error]);
  return (
    <Field
      ref={input}
      label={t("sign_in.code")}
      hint={t("sign_in.code_hint")}
      wrong={proof.error?.about("code")}
      className="code"
      name="code"
      autoComplete="one-time-code"
      inputMode="numeric"
      dir="ltr"
      value={code}
      readOnly={proof.isPending}
      onChange={(event) => change(digitsOf(event.target.value).slice(0, DIGITS))}
    />
  );
}
