import { useEffect, useRef } from "react";

/** Where the focus goes once something is done and the button that did it left the page. */
export function useFocusAfter<Place extends HTMLElement>(done: boolean) {
  const place = useRef<Place>(null);
  useEffect(() => {
    if (done) place.current?.focus();
  }, [done]);
  return place;
}
