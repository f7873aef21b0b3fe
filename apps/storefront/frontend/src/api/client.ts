/** Calls of the public API, typed by its own OpenAPI schema. Every refusal arrives as a `Refusal`. */
import createClient, { type Middleware } from "openapi-fetch";
import i18next from "i18next";
import type { components, paths } from "./schema";
import { compareWith, serverNow } from "../lib/clock";
import { accessToken, renew } from "./session";

export type Schemas = components["schemas"];

export interface Fault {
  code: string;
  detail: string;
  attr: string | null;
}

/** What the API refused, in the reader's language. `status` 0: no answer came. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly faults: Fault[],
    /** When the API takes the call again, in milliseconds since 1970 by its clock. */
    readonly retryAt: number | null = null,
  ) {
    super(faults.map((fault) => fault.detail).join(" "));
  }

  has(code: string): boolean {
    return this.faults.some((fault) => fault.code === code);
  }

  /** What belongs next to the field of that name. */
  about(field: string): string | undefined {
    return this.faults.find((fault) => fault.attr === field)?.detail;
  }

  /** What belongs to none of these fields. */
  besides(...fields: string[]): string | undefined {
    const rest = this.faults.filter((fault) => !fault.attr || !fields.includes(fault.attr));
    return rest.length > 0 ? rest.map((fault) => fault.detail).join(" ") : undefined;
  }

  /** Whether the same call may succeed later without anything changed. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 503;
  }
}

const common: Middleware = {
  onRequest({ request }) {
    request.headers.set("Accept-Language", i18next.language);
    const token = accessToken();
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    compareWith(response.headers.get("Date"));
  },
};

const client = createClient<paths>({ baseUrl: "/", fetch: send });
client.use(common);

/** As `fetch`, with one new access token when the old one ran out. */
async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const answer = await fetch(request);
  if (answer.status !== 401 || !accessToken() || !(await renew())) return answer;
  again.headers.set("Authorization", `Bearer ${accessToken()}`);
  return fetch(again);
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; throws a Refusal for every other one. */
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch {
    throw new Refusal(0, [{ code: "offline", detail: i18next.t("problem.offline"), attr: null }]);
  }
  if (answer.response.ok) return answer.data as T;
  throw refusal(answer.response, answer.error);
}

function refusal(response: Response, error: unknown): Refusal {
  const faults = (error as { errors?: Fault[] } | undefined)?.errors;
  const wait = Number(response.headers.get("Retry-After"));
  const unknown = [{ code: "unavailable", detail: i18next.t("problem.unavailable"), attr: null }];
  return new Refusal(response.status, faults?.length ? faults : unknown, wait > 0 ? serverNow() + wait * 1000 : null);
}

export const api = client;
