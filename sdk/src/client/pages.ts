/** One page, and where the next begins. */
export interface ClientPage<Item> {
  readonly items: readonly Item[];
  /** Null at the end. */
  readonly cursor: string | null;
}

/** Items of a list, page after page: `for await (const item of list)`. `pages` gives them as they come. */
export interface Paged<Item> extends AsyncIterable<Item> {
  pages(): AsyncIterable<ClientPage<Item>>;
}

/** A list that is read as far as it is asked for. */
export function paged<Item>(
  read: (cursor: string | undefined) => Promise<ClientPage<Item>>,
): Paged<Item> {
  async function* pages(): AsyncGenerator<ClientPage<Item>> {
    let cursor: string | undefined;
    do {
      const page = await read(cursor);
      yield page;
      // A venue that hands the same cursor out again would be followed for ever.
      if (page.cursor === cursor) return;
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
  }
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { items } of pages()) yield* items;
    },
  };
}
