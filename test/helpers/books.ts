import { createBook, createSpecificationBook } from "@nostra/sdk/matcher";

/** Both implementations of the book: every test of the matcher's rules runs on each. */
export const BOOKS = [
  { name: "fast book", createBook },
  { name: "specification", createBook: createSpecificationBook },
] as const;
