// The Guild's composition and Hive Gateway's runtime, as their documentation sets them up.
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";

/** The supergraph of these subgraphs (`{ name, url, sdl }`), or the errors. */
export function composed(subgraphs) {
  const { supergraphSdl, errors } = composeServices(subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
  return { supergraph: supergraphSdl ?? null, errors: (errors ?? []).map((error) => error.message) };
}

/** A gateway over a supergraph: `ask` one operation, and `end`. */
export async function gateway(supergraph) {
  const runtime = createGatewayRuntime({
    supergraph,
    logging: false,
    maskedErrors: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get("authorization") ?? undefined }),
    },
  });
  const ask = async ({ query, variables, authorization }) => {
    const headers = { "content-type": "application/json", ...(authorization && { authorization }) };
    const body = JSON.stringify({ query, variables });
    return (await runtime.fetch("http://gateway/graphql", { method: "POST", headers, body })).json();
  };
  return { ask, end: () => runtime[Symbol.asyncDispose]() };
}
