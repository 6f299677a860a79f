import type { Service } from "@tailrace/client";
import { useEffect, useState } from "react";
import { useClient } from "./provider.tsx";

/** All services and their live status, by name; null until the first answer, and while nobody knows. */
export function useServices({ enabled = true }: { enabled?: boolean } = {}): Service[] | null {
  const client = useClient();
  const [services, setServices] = useState<Service[] | null>(null);
  useEffect(() => {
    if (enabled) return client.services(setServices);
  }, [client, enabled]);
  return services;
}
