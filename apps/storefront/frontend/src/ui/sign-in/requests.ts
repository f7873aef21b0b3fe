import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Refusal, type Schemas } from "../../api/client";
import { signedIn } from "../../api/session";
import { serverNow } from "../../lib/clock";

export type Channel = Schemas["ChannelEnum"];

/** What somebody asked a code for. */
export interface Asked {
  phone: string;
  channel: Channel;
}

/** A code on its way; `resendAt` in milliseconds since 1970. */
export interface Sent {
  challenge: string;
  resendAt: number;
}

/** Asking for a code. The last one sent stays known while another one is refused. */
export function useCodeRequest() {
  const [sent, setSent] = useState<Sent | null>(null);
  const mutation = useMutation<Schemas["OtpRequested"], Refusal, Asked>({
    mutationFn: (asked) => body(api.POST("/api/v1/auth/otp/request/", { body: asked })),
    onSuccess: ({ challenge_id, resend_in }) =>
      setSent({ challenge: challenge_id, resendAt: serverNow() + resend_in * 1000 }),
  });
  return { ...mutation, sent, waitUntil: waitUntil(mutation) };
}

export type CodeRequest = ReturnType<typeof useCodeRequest>;

/** Proving a code, which signs in. */
export function useCodeProof(challenge: string) {
  const mutation = useMutation<Schemas["SignedIn"], Refusal, string>({
    mutationFn: (code) =>
      body(api.POST("/api/v1/auth/otp/verify/", { body: { client: "web", challenge_id: challenge, code } })),
    onSuccess: signedIn,
  });
  return { ...mutation, waitUntil: waitUntil(mutation) };
}

/** When the API lets somebody try again whom it told to wait. */
function waitUntil({ error, submittedAt }: { error: Refusal | null; submittedAt: number }): number | null {
  return error?.retryAfter ? submittedAt + error.retryAfter * 1000 : null;
}
