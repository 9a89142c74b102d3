// What a Relay application declares: a refetchable, paged fragment, fragments on both entities, a mutation, a subscription.
import { graphql } from "relay-runtime";

graphql`
  query NotesQuery($after: String) {
    ...Notes_page @arguments(after: $after)
  }
`;

graphql`
  fragment Notes_page on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" })
  @refetchable(queryName: "NotesPageQuery") {
    creditNotes(first: $first, after: $after) @connection(key: "Notes_creditNotes") {
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
  mutation NotesIssueMutation($input: IssueCreditNoteInput!) {
    issueCreditNote(input: $input) {
      outcome
      creditNote { ...Notes_note }
      errors { __typename code ... on AmountProblem { maximum { amount } } ... on OutcomeProblem { candidates { ...Notes_note } } }
    }
  }
`;

graphql`
  subscription NotesChangedSubscription($filter: CreditNoteChangedFilter) {
    creditNoteChanged(filter: $filter) { kind creditNote { ...Notes_note } }
  }
`;
