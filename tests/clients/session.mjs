// One client's whole session with a gateway: pages, a mutation, a subscription that hears of another, and errors. Prints what it met.
// Usage: node session.mjs CLIENT URL
import { CLIENTS } from "./clients.mjs";
import { CHANGED, input, ISSUE, NOTE, PAGE } from "./documents.mjs";

const [name, url] = process.argv.slice(2);
const { ask, listen, pages = pagesOneByOne, close } = CLIENTS[name](url);
const codes = ({ errors }) => (errors ?? []).map((error) => error.extensions.code);

async function pagesOneByOne(query, most) {
  const found = [];
  for (let after = null, more = true, count = 0; more && count < most; count++) {
    const { data } = await ask(query, { after });
    found.push(...data.creditNotes.edges);
    ({ endCursor: after, hasNextPage: more } = data.creditNotes.pageInfo);
  }
  return found;
}

const issue = async (key, amount) => (await ask(ISSUE, { input: input(key, amount) })).data.issueCreditNote;

// A socket does not say when a subscription has begun, so notes are issued until one is heard of.
async function heard() {
  const ids = [];
  let stop;
  const first = new Promise((resolve, reject) => {
    stop = listen(CHANGED, { filter: { accounts: ["chargebee-demo"] } }, resolve, reject);
  });
  for (let turn = 0, told; turn < 20 && !told; turn++) {
    ids.push((await issue(`${name} ${turn}`, "1.00")).creditNote.id);
    told = await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 500))]);
  }
  const { data, errors } = await first;
  stop();
  return { change: data.creditNoteChanged, errors: errors ?? [], isOurs: ids.includes(data.creditNoteChanged.creditNote.id) };
}

const refusal = () => new Promise((resolve, reject) => listen(CHANGED, { filter: { accounts: ["nobody"] } }, resolve, reject));

const made = [await issue(`${name} a`, "2.00"), await issue(`${name} b`, "2.00"), await issue(`${name} c`, "2.00")];
const session = {
  outcomes: made.map((payload) => payload.outcome),
  ids: made.map((payload) => payload.creditNote.id),
  note: (await ask(NOTE, { id: made[0].creditNote.id })).data.creditNote,
  pages: (await pages(PAGE, 3)).map(({ node }) => node.id),
  heard: await heard(),
  refused: (await issue(`${name} too much`, "99999.00")).errors,
  notAnId: codes(await ask(NOTE, { id: "?" })),
  notAnAccount: codes(await refusal()),
  notADocument: codes(await ask("{ nothing }", {})),
};
close();
console.log(JSON.stringify(session));
process.exit(0);
