// Makes TypeScript types of the schema and of the session's documents with graphql-codegen, and lets the compiler judge them and their use.
// Usage: node types.mjs SCHEMA FOLDER
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codegen } from "@graphql-codegen/core";
import * as typescript from "@graphql-codegen/typescript";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";
import ts from "typescript";
import { CHANGED, ISSUE, NOTE, PAGE } from "./documents.mjs";

const [schema, folder] = process.argv.slice(2);
const scalars = { JSON: "unknown" };
for (const name of ["BigInt", "CurrencyCode", "Date", "DateTime", "Decimal"]) scalars[name] = "string";

async function make(filename, plugin) {
  const made = await codegen({
    filename,
    schema: parse(readFileSync(schema, "utf8")),
    documents: [PAGE, ISSUE, CHANGED, NOTE].map((text, index) => ({ location: `${index}`, document: parse(text) })),
    plugins: [{ plugin: {} }],
    pluginMap: { plugin },
    config: { strictScalars: true, scalars },
  });
  writeFileSync(join(folder, filename), made);
}

await make("schema.ts", typescript);
await make("operations.ts", operations);
writeFileSync(
  join(folder, "use.ts"),
  `import type { ChangedSubscription, IssueMutationVariables, PageQuery } from "./operations";
import type { Subscription } from "./schema";
export const amounts = (page: PageQuery): string[] => (page.creditNotes?.nodes ?? []).map((note) => note.total.amount);
export const kind = ({ creditNoteChanged: { kind, creditNote } }: ChangedSubscription) => [kind, creditNote?.total.currency];
export const subscribed = (root: Subscription): string => root.creditNoteChanged.creditNoteId;
export const wrong: IssueMutationVariables = { input: { idempotencyKey: "k", reason: "OTHER" } };
`,
);
const program = ts.createProgram([join(folder, "use.ts")], { strict: true, noEmit: true, types: [], target: ts.ScriptTarget.ES2022 });
const told = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => [
  file?.fileName.split("/").pop(),
  ts.flattenDiagnosticMessageText(messageText, "\n").split("\n")[0],
]);
console.log(JSON.stringify(told));
