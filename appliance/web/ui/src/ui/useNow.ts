/** The current time, renewed every `everyMs`, in the box's clock. */
import { useEffect, useState } from "react";
import { boxNow } from "../state/box";

export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(boxNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(boxNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
