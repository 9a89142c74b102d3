// The page's only script: GraphiQL at the address it was opened from, with the examples as its first tabs.
import { createLocalStorage } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import examples from "./examples.json";
import { createFetcher } from "./fetcher.mjs";
import "./page.css";

// WORKERS is put in by build.mjs: label -> hashed file name beside this script.
globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(new URL(WORKERS[label] ?? WORKERS.editor, import.meta.url)),
};

// An own name space: another program's GraphiQL may have used this host and port before.
const storage = createLocalStorage({ namespace: "credit-notes" });

const tabs = examples.map(({ query, variables }) => ({
  query: query.join("\n"),
  variables: variables ? JSON.stringify(variables, null, 2) : null,
}));

const fetcher = createFetcher(location.pathname);

createRoot(document.getElementById("graphiql")).render(
  // Headers carry credentials: they are never written to the browser's disk.
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={tabs}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
  />,
);
