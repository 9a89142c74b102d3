// Each client as its documentation sets it up, behind two functions: `ask` an operation with one answer, `listen` to one
// with many. Where a client's cache puts pages together itself, a third does so: `pages`.
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { getMainDefinition, relayStylePagination } from "@apollo/client/utilities";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { filter } from "rxjs";
import { TRANSPORTS } from "./transports.mjs";

const { "graphql-ws": socket, "graphql-sse": events } = TRANSPORTS;

// What graphql-ws and graphql-sse have in common: a sink. An operation that is refused as a whole ends with its errors.
const throughSink = (client) => ({
  ask: (query, variables) =>
    new Promise((resolve, reject) => {
      let answer;
      client.subscribe(
        { query, variables },
        {
          next: (value) => (answer = value),
          error: (failed) => (Array.isArray(failed) ? resolve({ errors: failed }) : reject(failed)),
          complete: () => resolve(answer),
        },
      );
    }),
  listen: (query, variables, hear, fail) => {
    const error = (failed) => (Array.isArray(failed) ? hear({ errors: failed }) : fail(failed));
    return client.subscribe({ query, variables }, { next: hear, error, complete() {} });
  },
  close: () => client.dispose(),
});

const apollo = (url) => {
  const ws = socket(url);
  const client = new ApolloClient({
    cache: new InMemoryCache({ typePolicies: { Query: { fields: { creditNotes: relayStylePagination(["filter"]) } } } }),
    link: ApolloLink.split(
      ({ query }) => getMainDefinition(query).operation === "subscription",
      new GraphQLWsLink(ws),
      new HttpLink({ uri: url }),
    ),
  });
  const given = ({ data, error }) => {
    if (error && !CombinedGraphQLErrors.is(error)) throw error;
    return { data, errors: error?.errors };
  };
  return {
    ask: async (query, variables) => {
      const document = gql(query);
      const isMutation = getMainDefinition(document).operation === "mutation";
      const more = { variables, errorPolicy: "all" };
      return given(isMutation ? await client.mutate({ mutation: document, ...more }) : await client.query({ query: document, ...more }));
    },
    listen: (query, variables, hear, error) => {
      const subscription = client.subscribe({ query: gql(query), variables }).subscribe({ next: (result) => hear(given(result)), error });
      return () => subscription.unsubscribe();
    },
    pages: (query, most) =>
      new Promise((resolve, reject) => {
        const watched = client.watchQuery({ query: gql(query) });
        let count = 0;
        watched.pipe(filter(({ loading }) => !loading)).subscribe(({ data: { creditNotes } }) => {
          const { endCursor, hasNextPage } = creditNotes.pageInfo;
          if (++count === most || !hasNextPage) resolve(creditNotes.edges);
          else watched.fetchMore({ variables: { after: endCursor } }).catch(reject);
        });
      }),
    close: () => {
      client.stop();
      ws.dispose();
    },
  };
};

const throughUrql = (client, close) => {
  const given = ({ data, error }) => {
    if (error?.networkError) throw error.networkError;
    return { data, errors: error?.graphQLErrors };
  };
  return {
    ask: async (query, variables) =>
      given(await (query.includes("mutation ") ? client.mutation(query, variables) : client.query(query, variables)).toPromise()),
    listen: (query, variables, hear) => client.subscription(query, variables).subscribe((result) => hear(given(result))).unsubscribe,
    close,
  };
};

const urqlOverSocket = (url) => {
  const ws = socket(url);
  const forward = (request) => ({
    subscribe: (sink) => ({ unsubscribe: ws.subscribe({ ...request, query: request.query ?? "" }, sink) }),
  });
  const exchanges = [subscriptionExchange({ forwardSubscription: forward }), fetchExchange];
  return throughUrql(new Client({ url, exchanges, preferGetMethod: false }), () => ws.dispose());
};

export const CLIENTS = {
  "graphql-ws": (url) => throughSink(socket(url)),
  "graphql-sse": (url) => throughSink(events(url)),
  apollo,
  "urql over a socket": urqlOverSocket,
  "urql over event streams": (url) =>
    throughUrql(new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true, preferGetMethod: "force" }), () => {}),
};
