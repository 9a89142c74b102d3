// Sessions, one to a line of stdin: { notes: { url, sdl }, orders, asked }. For each, one line on stdout: { supergraph, errors, answers },
// an answer for each of `asked`. Usage: session.mjs apollo|hive
import { createInterface } from "node:readline";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { sdl, serve } from "./orders.mjs";

const { composed, gateway } = await import(`./${process.argv[2]}.mjs`);

async function session({ notes, orders, asked }) {
  buildSubgraphSchema({ typeDefs: parse(notes.sdl) }); // which fails where the SDL defines what a subgraph's library adds by itself
  const server = await serve(orders);
  const subgraphs = [
    { name: "notes", ...notes },
    { name: "orders", url: `http://127.0.0.1:${server.address().port}`, sdl },
  ];
  const { supergraph, errors } = composed(subgraphs);
  const answers = [];
  if (supergraph !== null && asked.length > 0) {
    const { ask, end } = await gateway(supergraph);
    for (const one of asked) answers.push(await ask(one));
    await end();
  }
  server.close();
  server.closeAllConnections();
  return { supergraph, errors, answers };
}

const TOO_LATE_MS = 120_000;

for await (const line of createInterface({ input: process.stdin })) {
  const watch = setTimeout(() => process.exit(1), TOO_LATE_MS);
  process.stdout.write(`${JSON.stringify(await session(JSON.parse(line)))}\n`);
  clearTimeout(watch);
}
