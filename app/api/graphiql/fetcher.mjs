// How the page asks: everything by POST, and a subscription's answer is an event stream. A stream is an ordinary request, so the Headers tab
// reaches it, and the page's policy lets no more through than its own origin; a browser's socket takes no headers.
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-sse";

export function createFetcher(url) {
  const ask = createGraphiQLFetcher({ url, enableIncrementalDelivery: false });
  return (params, options) => (isSubscription(params) ? listening(url, params, options?.headers) : ask(params, options));
}

function isSubscription({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false; // what is wrong with it, the gateway says
  }
}

// What GraphiQL takes for a stream. A broken one stays broken: what happened meanwhile would be missing, and nobody would see it.
const listening = (url, params, headers) => ({
  subscribe(observer) {
    const client = createClient({ url, headers, retryAttempts: 0 });
    const error = (failed) => refused(failed, observer);
    return { unsubscribe: client.subscribe(params, { next: observer.next, error, complete: observer.complete }) };
  },
});

// The gateway's own words where it has said why, else the client's.
async function refused(failed, observer) {
  const answer = await failed.response?.json().catch(() => undefined);
  if (answer === undefined) {
    observer.error(failed);
    return;
  }
  observer.next(answer);
  observer.complete();
}
