"""The GraphQL edge: types, inputs, resolvers that only parse, call and wrap, and the HTTP view. The only place that imports strawberry."""
