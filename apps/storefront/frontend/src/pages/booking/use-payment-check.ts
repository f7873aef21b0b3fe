import { useQuery, useQueryClient, type QueryClient, type QueryState } from "@tanstack/react-query";
import { Refusal, api, body } from "../../api/client";
import { bookingOptions, type Booking } from "../../api/queries";
import { isUndecided, outcomeOf } from "./state";

// Seconds between one look and the next: a minute altogether.
const PAUSES = [1, 2, 4, 8, 15, 30];

type State = QueryState<Booking, Error>;

/** Seconds until the next look; undefined when all is decided or was looked at often enough. */
export function pauseAfter({ data, error, dataUpdateCount, errorUpdateCount }: State): number | undefined {
  const isDecided = data ? !isUndecided(outcomeOf(data)) : error instanceof Refusal && !error.mayPass;
  return isDecided ? undefined : PAUSES[dataUpdateCount + errorUpdateCount - 1];
}

/** Asks the gateway what became of the payment, with growing pauses while that is not decided. */
export function usePaymentCheck(id: string) {
  const client = useQueryClient();
  const queryKey = ["payment", id];
  const check = useQuery<Booking, Error>({
    queryKey,
    queryFn: () => askGateway(client, id),
    refetchInterval: ({ state }) => {
      const pause = pauseAfter(state);
      return pause !== undefined && pause * 1000;
    },
    // Every return begins anew, and the pauses are the only retries.
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
  const state = client.getQueryState<Booking, Error>(queryKey);
  const isOpen = !check.data || isUndecided(outcomeOf(check.data));
  const isLooking = isOpen && (check.isFetching || (state !== undefined && pauseAfter(state) !== undefined));
  return { booking: check.data, error: check.error, isLooking, look: () => void check.refetch() };
}

async function askGateway(client: QueryClient, id: string): Promise<Booking> {
  try {
    await body(api.POST("/api/v1/bookings/{id}/payment/refresh/", { params: { path: { id } } }));
  } catch (error) {
    // No payment yet, or a gateway that is silent: what is known here is still worth showing.
    if (!(error instanceof Refusal && [404, 503].includes(error.status))) throw error;
  }
  void client.invalidateQueries({ queryKey: ["bookings"] });
  return client.fetchQuery({ ...bookingOptions(id), staleTime: 0, retry: false });
}
