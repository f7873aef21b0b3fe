import { useEffect, useState } from "react";
import { serverNow } from "./clock";

/** Whole seconds from now to a moment (milliseconds since 1970), counted down to 0 on the page. */
export function useSecondsLeft(until: number | null): number {
  const [now, setNow] = useState(serverNow);
  const left = until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
  const runs = left > 0;
  useEffect(() => {
    setNow(serverNow());
    if (!runs) return;
    const timer = setInterval(() => setNow(serverNow()), 1000);
    return () => clearInterval(timer);
  }, [until, runs]);
  return left;
}
