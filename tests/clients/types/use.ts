// What an application does with the types that types/codegen.yml asks for. The last two lines are wrong, and the compiler has to say so.
import type { Client } from "@urql/core";
import { IssueDocument, NoteDocument } from "./client/graphql";
import type { ChangedSubscription, IssueMutationVariables, PageQuery } from "./operations";
import type { Subscription } from "./schema";

export const amounts = (page: PageQuery): string[] => (page.creditNotes?.edges ?? []).map(({ node }) => node.total.amount);
export const kind = ({ creditNoteChanged: { kind, creditNote } }: ChangedSubscription) => [kind, creditNote?.total.currency];
export const subscribed = (root: Subscription): string => root.creditNoteChanged.creditNoteId;
export const issued = async (client: Client, { input }: IssueMutationVariables): Promise<string | undefined> =>
  (await client.mutation(IssueDocument, { input })).data?.issueCreditNote?.creditNote?.id;
export const asked = (client: Client) => client.query(NoteDocument, { number: "CN-0001" });
export const wrong: IssueMutationVariables = { input: { idempotencyKey: "k", reason: "OTHER" } };
