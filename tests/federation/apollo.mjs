// Apollo's composition and gateway, as their documentation sets them up.
import { composeServices } from "@apollo/composition";
import { ApolloGateway, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { parse } from "graphql";

/** The supergraph of these subgraphs (`{ name, url, sdl }`), or the errors. */
export function composed(subgraphs) {
  const { supergraphSdl, errors } = composeServices(subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })));
  return { supergraph: supergraphSdl ?? null, errors: (errors ?? []).map((error) => error.message) };
}

// It passes no header on by itself.
class WithAuthorization extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.authorization) request.http.headers.set("authorization", context.authorization);
  }
}

/** A gateway over a supergraph: `ask` one operation, and `end`. */
export async function gateway(supergraphSdl) {
  const gateway = new ApolloGateway({ supergraphSdl, buildService: ({ url }) => new WithAuthorization({ url }) });
  const server = new ApolloServer({ gateway });
  await server.start();
  const ask = async ({ query, variables, authorization }) => {
    const { body } = await server.executeOperation({ query, variables }, { contextValue: { authorization } });
    return body.singleResult;
  };
  return { ask, end: () => server.stop() };
}
