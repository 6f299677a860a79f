import { type Client, type ConnectOptions, connect } from "@tailrace/client";
import { createContext, type ReactNode, useContext, useState } from "react";

const ClientContext = createContext<Client | null>(null);

/** Either a client of your own, or where gateways are and a token for them. */
export type ProviderProps = { children?: ReactNode } & (
  | { client: Client }
  | ({ url: string | readonly string[] } & Pick<ConnectOptions, "token" | "getToken" | "transport">)
);

/**
 * Says which gateways the hooks below it ask. A client that it makes itself is connected only for them, each as long as it is
 * mounted; address, token and transport are those of the first rendering: give it another `key` to change them.
 */
export function TailraceProvider(props: ProviderProps) {
  return "client" in props ? (
    <ClientContext.Provider value={props.client}>{props.children}</ClientContext.Provider>
  ) : (
    <OwnClient {...props} />
  );
}

function OwnClient({ url, children, ...options }: Exclude<ProviderProps, { client: Client }>) {
  // A client connects when something subscribes, so one that StrictMode throws away costs nothing.
  const [client] = useState(() => connect(url, options));
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

/** The client of the nearest `TailraceProvider`; throws where there is none. */
export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error("a hook has no <TailraceProvider> around it");
  return client;
}
