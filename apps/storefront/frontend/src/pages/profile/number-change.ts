import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, body, type Refusal } from "../../api/client";
import type { Profile } from "../../api/queries";
import { useSending } from "../../ui/sign-in/requests";

/** Asking for a code to the new number. */
export const useNumberRequest = () =>
  useSending((phone: string) => body(api.POST("/api/v1/me/phone/", { body: { phone, channel: "sms" } })));

export type NumberRequest = ReturnType<typeof useNumberRequest>;

export function useNumberProof(challenge: string) {
  const client = useQueryClient();
  return useMutation<Profile, Refusal, string>({
    mutationFn: (code) => body(api.POST("/api/v1/me/phone/verify/", { body: { challenge_id: challenge, code } })),
    onSuccess: (profile) => client.setQueryData(["me"], profile),
  });
}
