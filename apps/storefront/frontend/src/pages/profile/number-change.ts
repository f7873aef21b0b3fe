import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, body, type Refusal } from "../../api/client";
import type { Profile } from "../../api/queries";
import type { Sent } from "../../ui/sign-in/requests";
import { serverNow } from "../../lib/clock";

/** Asking for a code to the new number. The last one sent stays known while another one is refused. */
export function useNumberRequest() {
  const [sent, setSent] = useState<Sent | null>(null);
  const request = useMutation<Sent, Refusal, string>({
    mutationFn: async (phone) => {
      const answer = await body(api.POST("/api/v1/me/phone/", { body: { phone, channel: "sms" } }));
      return { challenge: answer.challenge_id, resendAt: serverNow() + answer.resend_in * 1000 };
    },
    onSuccess: setSent,
  });
  return { ...request, sent };
}

export type NumberRequest = ReturnType<typeof useNumberRequest>;

export function useNumberProof(challenge: string) {
  const client = useQueryClient();
  return useMutation<Profile, Refusal, string>({
    mutationFn: (code) => body(api.POST("/api/v1/me/phone/verify/", { body: { challenge_id: challenge, code } })),
    onSuccess: (profile) => client.setQueryData(["me"], profile),
  });
}

/** When the API lets somebody try again whom it told to wait, in milliseconds since 1970. */
export const waitUntil = ({ error, submittedAt }: { error: Refusal | null; submittedAt: number }): number | null =>
  error?.retryAfter ? submittedAt + error.retryAfter * 1000 : null;
