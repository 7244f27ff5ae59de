import { useEffect, useState } from 'react';

/** The present time in milliseconds, renewed every `everyMs` while the tab is visible; `null` stops the renewal. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (everyMs === null) return;
    const renew = () => {
      if (!document.hidden) setNow(Date.now());
    };
    renew();
    const timer = setInterval(renew, everyMs);
    document.addEventListener('visibilitychange', renew);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', renew);
    };
  }, [everyMs]);
  return now;
}
