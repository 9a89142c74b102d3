// The two public clients that carry subscriptions, set up alike: an operation and a sink.
import { createClient as createSse } from "graphql-sse";
import { createClient as createWs } from "graphql-ws";
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // Node 20 has none, and Apollo's link asks for it when an operation is refused

export const TRANSPORTS = {
  "graphql-ws": (url) => createWs({ url: url.replace(/^http/, "ws"), webSocketImpl: WebSocket, retryAttempts: 0 }),
  "graphql-sse": (url) => createSse({ url, retryAttempts: 0 }),
};
