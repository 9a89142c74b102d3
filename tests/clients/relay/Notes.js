// What a Relay application declares: a refetchable, paged fragment, fragments on both entities, a mutation, a subscription.
import { graphql } from "relay-runtime";

graphql`
  query NotesQuery($first: Int, $after: String, $filter: CreditNoteFilter) {
    ...Notes_page @arguments(first: $first, after: $after, filter: $filter)
  }
`;

graphql`
  fragment Notes_page on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }, filter: { type: "CreditNoteFilter" })
  @refetchable(queryName: "NotesPageQuery") {
    creditNotes(first: $first, after: $after, filter: $filter) @connection(key: "Notes_creditNotes") {
      edges { cursor node { id ...Notes_note } }
    }
  }
`;

graphql`
  fragment Notes_note on CreditNote @refetchable(queryName: "NotesNoteQuery") {
    status
    total { amount currency }
    invoice { ...Notes_invoice }
  }
`;

graphql`
  fragment Notes_invoice on Invoice
  @argumentDefinitions(first: { type: "Int", defaultValue: 5 }, after: { type: "String" })
  @refetchable(queryName: "NotesInvoiceQuery") {
    details { number }
    creditNotes(first: $first, after: $after) @connection(key: "Invoice_creditNotes") { edges { node { id } } }
  }
`;

graphql`
  query NotesOneQuery($id: ID!) {
    creditNote(id: $id) @catch(to: RESULT) { id }
  }
`;

graphql`
  mutation NotesIssueMutation($input: IssueCreditNoteInput!, $connections: [ID!]!) {
    issueCreditNote(input: $input) {
      outcome
      creditNote @prependNode(connections: $connections, edgeTypeName: "CreditNoteEdge") { id ...Notes_note }
      errors { __typename code ... on AmountProblem { maximum { amount } } ... on OutcomeProblem { candidates { ...Notes_note } } }
    }
  }
`;

graphql`
  subscription NotesChangedSubscription($filter: CreditNoteChangedFilter) {
    creditNoteChanged(filter: $filter) { kind creditNote { id ...Notes_note } }
  }
`;
