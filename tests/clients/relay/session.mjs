// Relay's whole session with a gateway, from compiled artifacts and through its store: what it read there is printed.
// Usage: node relay/session.mjs ARTIFACTS TRANSPORT URL
import { createRequire } from "node:module";
import relay from "relay-runtime";
import { input } from "../documents.mjs";
import { TRANSPORTS } from "../transports.mjs";

const { commitMutation, ConnectionHandler, createOperationDescriptor, Environment, fetchQuery, Network, Observable } = relay;
const { getPaginationMetadata, getPaginationVariables, getSingularSelector, RecordSource, requestSubscription, ROOT_ID, Store } = relay;

const [artifacts, transport, url] = process.argv.slice(2);
const compiled = (name) => createRequire(import.meta.url)(`${artifacts}/${name}.graphql.js`);
const streams = TRANSPORTS[transport](url);
const filter = { accounts: ["chargebee-demo"] };

const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json, application/json;q=0.9" };
const ask = async ({ text }, variables) =>
  (await fetch(url, { method: "POST", headers, body: JSON.stringify({ query: text, variables }) })).json();
const stream = ({ text }, variables) => Observable.create((sink) => streams.subscribe({ query: text, variables }, sink));
const environment = new Environment({ network: Network.create(ask, stream), store: new Store(new RecordSource()) });

const read = (fragment, reference) => environment.lookup(getSingularSelector(compiled(fragment), reference)).data;
const note = (reference) => {
  const { status, total, invoice } = read("Notes_note", reference);
  return { status, total, invoice: read("Notes_invoice", invoice).details.number };
};
const query = async (name, variables) => {
  environment.retain(createOperationDescriptor(compiled(name), variables)); // else the store forgets it between two questions
  return fetchQuery(environment, compiled(name), variables).toPromise();
};
const errors = (failed) => (Array.isArray(failed) ? failed : failed.source.errors); // graphql-ws refuses an operation with a list
const refusal = (asked) => asked.then(() => [], (failed) => errors(failed).map((error) => error.extensions.code));

// As usePaginationFragment does it: the next page's variables come from the fragment's metadata, and the store joins the pages.
async function pages(most) {
  const page = await query("NotesQuery", { first: 2, filter });
  const { paginationMetadata, paginationRequest } = getPaginationMetadata(compiled("Notes_page"), "session");
  const shown = [read("Notes_page", page)];
  while (shown.length < most && shown.at(-1).creditNotes.pageInfo.hasNextPage) {
    const { endCursor } = shown.at(-1).creditNotes.pageInfo;
    await query(paginationRequest.params.name, getPaginationVariables("forward", 2, endCursor, { filter }, {}, paginationMetadata));
    shown.push(read("Notes_page", page));
  }
  return { page, shown: shown.map(listed) };
}

const listed = ({ creditNotes }) => creditNotes.edges.map(({ node }) => node.id);

const shownNotes = [ConnectionHandler.getConnectionID(ROOT_ID, "Notes_creditNotes", { filter })];
const issue = (key, amount, connections = []) =>
  new Promise((resolve, reject) =>
    commitMutation(environment, {
      mutation: compiled("NotesIssueMutation"),
      variables: { input: input(`relay ${transport} ${key}`, amount), connections },
      onCompleted: ({ issueCreditNote }) => resolve(issueCreditNote),
      onError: reject,
    }),
  );

const listen = (accounts, onNext, onError) =>
  requestSubscription(environment, { subscription: compiled("NotesChangedSubscription"), variables: { filter: { accounts } }, onNext, onError });

// A socket does not say when a subscription has begun, so notes are issued until one is heard of.
async function heard() {
  let subscription;
  const first = new Promise((resolve, reject) => (subscription = listen(filter.accounts, resolve, reject)));
  for (let turn = 0, told; turn < 20 && !told; turn++) {
    await issue(turn, "1.00");
    told = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 500))]);
  }
  const { creditNoteChanged } = await first;
  subscription.dispose();
  return { kind: creditNoteChanged.kind, note: note(creditNoteChanged.creditNote) };
}

const made = [await issue("a", "2.00"), await issue("b", "2.00"), await issue("c", "2.00")];
const { page, shown } = await pages(3);
const { creditNote: added } = await issue("added", "3.00", shownNotes);
const session = {
  outcomes: made.map((payload) => payload.outcome),
  ids: made.map((payload) => payload.creditNote.id),
  pages: shown,
  added: added.id,
  joined: listed(read("Notes_page", page)),
  note: note((await query("NotesNoteQuery", { id: added.id })).node),
  heard: await heard(),
  refused: (await issue("too much", "99999.00")).errors,
  found: (await query("NotesOneQuery", { id: added.id })).creditNote,
  notAnId: (await query("NotesOneQuery", { id: "?" })).creditNote,
  notAnAccount: await refusal(new Promise((resolve, reject) => listen(["nobody"], resolve, reject))),
  notAFilter: await refusal(query("NotesQuery", { filter: { nothing: true } })),
};
streams.dispose();
console.log(JSON.stringify(session));
process.exit(0);
