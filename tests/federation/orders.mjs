// A subgraph of somebody else's: orders, which know credit notes and invoices by their ids, and add fields to both.
import { createServer } from "node:http";
import { once } from "node:events";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { graphql, parse } from "graphql";

export const sdl = /* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

  type Query {
    orders: [Order!]!
    node(id: ID!): Node
  }

  interface Node {
    id: ID!
  }

  type Order implements Node @key(fields: "id") {
    id: ID!
    creditNotes: [CreditNote]!
    invoice: Invoice
  }

  type CreditNote @key(fields: "id") {
    id: ID!
    order: Order
  }

  type Invoice @key(fields: "id") {
    id: ID!
    costCentre: String!
  }

  type PageInfo @shareable {
    hasNextPage: Boolean!
    hasPreviousPage: Boolean!
    startCursor: String
    endCursor: String
  }

  type OrderConnection {
    pageInfo: PageInfo!
  }
`;

/** Its schema over these orders: `{ id, notes, invoice }`, ids all. */
function schemaOf(orders) {
  const shown = ({ id, notes, invoice }) => ({
    id,
    creditNotes: notes.map((note) => ({ id: note })),
    invoice: invoice && { id: invoice },
  });
  return buildSubgraphSchema({
    typeDefs: parse(sdl),
    resolvers: {
      Query: {
        orders: () => orders.map(shown),
        node: (_, { id }) => orders.filter((order) => order.id === id).map(shown)[0],
      },
      Node: { __resolveType: () => "Order" },
      Order: { __resolveReference: ({ id }) => orders.filter((order) => order.id === id).map(shown)[0] },
      CreditNote: {
        __resolveReference: ({ id }) => ({ id }),
        order: ({ id }) => orders.filter((order) => order.notes.includes(id)).map(shown)[0],
      },
      Invoice: { __resolveReference: ({ id }) => ({ id }), costCentre: ({ id }) => `of ${id}` },
    },
  });
}

/** Serves it on a free port; gives the server, for the address and for its end. */
export async function serve(orders) {
  const schema = schemaOf(orders);
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const { query, variables, operationName } = JSON.parse(body);
    const answer = await graphql({ schema, source: query, variableValues: variables, operationName });
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
