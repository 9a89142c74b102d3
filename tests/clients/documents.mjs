// What every client asks in its session.
export const PAGE = /* GraphQL */ `
  query Page($after: String) {
    creditNotes(first: 2, after: $after, filter: { accounts: ["chargebee-demo"] }) {
      edges { node { id total { amount currency } } }
      pageInfo { endCursor hasNextPage }
    }
  }
`;

export const ISSUE = /* GraphQL */ `
  mutation Issue($input: IssueCreditNoteInput!) {
    issueCreditNote(input: $input) {
      outcome
      creditNote { id }
      errors { code message ... on AmountProblem { maximum { amount } } }
    }
  }
`;

export const CHANGED = /* GraphQL */ `
  subscription Changed($filter: CreditNoteChangedFilter) {
    creditNoteChanged(filter: $filter) { id kind by at creditNote { id total { amount currency } } }
  }
`;

export const NOTE = /* GraphQL */ `
  query Note($id: ID!) {
    creditNote(id: $id) { id total { amount currency } }
  }
`;

export const input = (key, amount) => ({
  idempotencyKey: key,
  against: { invoice: { reference: { account: "chargebee-demo", providerId: "INV-1002" } } },
  credit: { total: { amount, currency: "USD" } },
  reason: "ORDER_CHANGE",
});
