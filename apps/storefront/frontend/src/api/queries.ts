/** What pages read and do, as hooks. Keys begin with what they are about, so that a change knows what grew old. */
import {
  QueryClient,
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { Refusal, api, body, type Schemas } from "./client";
import type { paths } from "./schema";
import { isOut, subscribe, useSession } from "./session";

export type Salon = Schemas["Salon"];
export type Service = Schemas["Service"];
export type Staff = Schemas["Staff"];
export type Slot = Schemas["Slot"];
export type Quote = Schemas["Quote"];
export type Booking = Schemas["PayableBooking"];
export type Payment = Schemas["Payment"];
export type Profile = Schemas["Profile"];
export type Audience = Schemas["AudienceEnum"];

const LARGEST_PAGE = 100;
const SALONS_AT_ONCE = 24;
const WAITING = 15_000;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      // A refusal stays one; a lost connection or a busy server may pass.
      retry: (count, error) => error instanceof Refusal && error.mayPass && count < 3,
    },
  },
});

const PERSONAL = ["me", "bookings", "booking", "quote"];

// Whoever signs in next on this device is perhaps somebody else.
subscribe(() => {
  if (isOut()) queryClient.removeQueries({ predicate: ({ queryKey }) => PERSONAL.includes(String(queryKey[0])) });
});

type SalonQuery = NonNullable<paths["/api/v1/salons/"]["get"]["parameters"]["query"]>;
export type City = NonNullable<SalonQuery["city"]>;

export interface SalonSearch {
  search?: string;
  city?: City;
  audience?: Audience;
}

/** Salons a screenful at a time: nobody scrolls through all of a country. */
export function useSalons(asked: SalonSearch) {
  const found = Object.fromEntries(Object.entries(asked).filter(([, value]) => value)) as SalonSearch;
  return useInfiniteQuery({
    queryKey: ["salons", found],
    queryFn: ({ pageParam }) => {
      const query = { ...found, page: String(pageParam), page_size: String(SALONS_AT_ONCE) };
      return body(api.GET("/api/v1/salons/", { params: { query } }));
    },
    initialPageParam: 1,
    getNextPageParam: ({ next }, _pages, page) => (next ? page + 1 : undefined),
    placeholderData: keepPreviousData,
  });
}

interface Page<T> {
  results: T[];
  next?: string | null;
}

/** Every row of a list that has an end: a salon may sell hundreds of services. */
async function everyPage<T>(fetchPage: (page: number) => Promise<Page<T>>): Promise<Page<T>> {
  const results: T[] = [];
  for (let page = 1; ; page += 1) {
    const { results: rows, next } = await fetchPage(page);
    results.push(...rows);
    if (!next) return { results };
  }
}

export const useSalon = (slug: string) =>
  useQuery({
    queryKey: ["salon", slug],
    queryFn: () => body(api.GET("/api/v1/salons/{slug}/", { params: { path: { slug } } })),
  });

export const useServices = (slug: string) =>
  useQuery({
    queryKey: ["salon", slug, "services"],
    queryFn: () =>
      everyPage((page) => {
        const query = { page: String(page), page_size: String(LARGEST_PAGE) };
        return body(api.GET("/api/v1/salons/{slug}/services/", { params: { path: { slug }, query } }));
      }),
  });

/** Everybody of a salon, or those who do one service. */
export const useStaff = (slug: string, service?: string) =>
  useQuery({
    queryKey: ["salon", slug, "staff", service ?? ""],
    queryFn: () =>
      everyPage((page) => {
        const query = { page: String(page), page_size: String(LARGEST_PAGE), ...(service ? { service } : {}) };
        return body(api.GET("/api/v1/salons/{slug}/staff/", { params: { path: { slug }, query } }));
      }),
  });

export const useReviews = (slug: string) =>
  useQuery({
    queryKey: ["salon", slug, "reviews"],
    queryFn: () =>
      body(api.GET("/api/v1/salons/{slug}/reviews/", { params: { path: { slug }, query: { page_size: "10" } } })),
  });

export interface SlotSearch {
  slug: string;
  service: string;
  staff?: string | undefined;
  /** Local days of the salon, `2026-03-01`, both included, at most 31. */
  from: string;
  to: string;
}

export function useSlots({ slug, service, staff, from, to }: SlotSearch) {
  const query = { service, from, to, ...(staff ? { staff } : {}) };
  return useQuery({
    queryKey: ["slots", slug, query],
    queryFn: () => body(api.GET("/api/v1/salons/{slug}/slots/", { params: { path: { slug }, query } })),
    // Others book too.
    staleTime: 15_000,
    refetchInterval: 60_000,
  });
}

export interface Choice {
  service: string;
  staff?: string | undefined;
  /** ISO 8601 with offset, as the slot gave it. */
  starts_at: string;
}

/** Price and terms of a choice, for whoever is signed in. */
export function useQuote({ service, staff, starts_at }: Choice) {
  const session = useSession();
  return useQuery({
    queryKey: ["quote", service, staff ?? "", starts_at],
    queryFn: () =>
      body(
        api.GET("/api/v1/bookings/quote/", {
          params: { query: { service, starts_at, ...(staff ? { staff } : {}) } },
        }),
      ),
    enabled: session === "in",
    staleTime: 60_000,
  });
}

export function useBookings() {
  const session = useSession();
  return useQuery({
    queryKey: ["bookings"],
    queryFn: () => body(api.GET("/api/v1/bookings/", { params: { query: { page_size: String(LARGEST_PAGE) } } })),
    enabled: session === "in",
  });
}

export const bookingOptions = (id: string) =>
  queryOptions({
    queryKey: ["booking", id],
    queryFn: () => body(api.GET("/api/v1/bookings/{id}/", { params: { path: { id } } })),
  });

export function useBooking(id: string) {
  const session = useSession();
  return useQuery({
    ...bookingOptions(id),
    enabled: session === "in",
    // The salon's word or the money may come at any moment.
    refetchInterval: ({ state }) => state.data?.status === "pending" && WAITING,
  });
}

export function useProfile() {
  const session = useSession();
  return useQuery({ queryKey: ["me"], queryFn: () => body(api.GET("/api/v1/me/")), enabled: session === "in" });
}

/** A step on a booking whose answer is the booking as it is now. */
export function useBookingStep<Said>(step: (said: Said) => Promise<Booking>) {
  const client = useQueryClient();
  return useMutation<Booking, Refusal, Said>({
    mutationFn: step,
    onSuccess: (booking) => {
      client.setQueryData(bookingOptions(booking.id).queryKey, booking);
      void client.invalidateQueries({ queryKey: ["bookings"] });
      void client.invalidateQueries({ queryKey: ["slots"] });
    },
  });
}
