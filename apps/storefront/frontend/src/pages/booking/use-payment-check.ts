import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { Refusal, api, body } from "../../api/client";
import { bookingOptions, type Booking } from "../../api/queries";
import { isUndecided, outcomeOf } from "./state";

// Seconds between one look and the next: a minute altogether.
const PAUSES = [1, 2, 4, 8, 15, 30];

/** How long to wait after so many looks; undefined when it was enough. */
export const pauseAfter = (looks: number): number | undefined => PAUSES[looks - 1];

/** Asks the gateway what became of the payment, with growing pauses while that is not decided. */
export function usePaymentCheck(id: string) {
  const client = useQueryClient();
  const check = useQuery<Booking, Error>({
    queryKey: ["payment", id],
    queryFn: () => askGateway(client, id),
    refetchInterval: ({ state }) => {
      if (state.data && !isUndecided(outcomeOf(state.data))) return false;
      const pause = pauseAfter(state.dataUpdateCount + state.errorUpdateCount);
      return pause !== undefined && pause * 1000;
    },
    // Every return begins anew, and the pauses are the only retries.
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
  const isUnknown = !check.data || isUndecided(outcomeOf(check.data));
  const isLooking = isUnknown && (check.isFetching || pauseAfter(looksOf(client, id)) !== undefined);
  return { booking: check.data, error: check.error, isLooking, look: () => void check.refetch() };
}

function looksOf(client: QueryClient, id: string): number {
  const state = client.getQueryState(["payment", id]);
  return state ? state.dataUpdateCount + state.errorUpdateCount : 0;
}

async function askGateway(client: QueryClient, id: string): Promise<Booking> {
  try {
    await body(api.POST("/api/v1/bookings/{id}/payment/refresh/", { params: { path: { id } } }));
  } catch (error) {
    // No payment yet, or a gateway that is silent: what is known here is still worth showing.
    if (!(error instanceof Refusal && [404, 503].includes(error.status))) throw error;
  }
  void client.invalidateQueries({ queryKey: ["bookings"] });
  return client.fetchQuery({ ...bookingOptions(id), staleTime: 0 });
}
