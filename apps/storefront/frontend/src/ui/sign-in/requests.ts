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

/** Asking for a code by `send`. The last one sent stays known while another one is refused. */
export function useSending<Said>(send: (said: Said) => Promise<Schemas["OtpRequested"]>) {
  const [sent, setSent] = useState<Sent | null>(null);
  const mutation = useMutation<Schemas["OtpRequested"], Refusal, Said>({
    mutationFn: send,
    onSuccess: ({ challenge_id, resend_in }) =>
      setSent({ challenge: challenge_id, resendAt: serverNow() + resend_in * 1000 }),
  });
  return { ...mutation, sent };
}

export const useCodeRequest = () =>
  useSending((asked: Asked) => body(api.POST("/api/v1/auth/otp/request/", { body: asked })));

export type CodeRequest = ReturnType<typeof useCodeRequest>;

/** Proving a code, which signs in. */
export const useCodeProof = (challenge: string) =>
  useMutation<Schemas["SignedIn"], Refusal, string>({
    mutationFn: (code) =>
      body(api.POST("/api/v1/auth/otp/verify/", { body: { client: "web", challenge_id: challenge, code } })),
    onSuccess: signedIn,
  });
