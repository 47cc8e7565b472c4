/** Lets things that get ready in any order have their turns in the order in which they came. */
export class Turns {
  /** Settles when everybody who came has had a turn, or never will. Does not reject. */
  #last: Promise<void> = Promise.resolve();

  /**
   * Takes a turn when it is ready and everybody who came before has had theirs. Who fails to get ready has none, and is told so at
   * once.
   * @returns what the turn gives. @throws whatever getting ready or the turn throws; those behind do not notice.
   */
  take<Ready, Result>(
    ready: Promise<Ready>,
    turn: (ready: Ready) => Promise<Result>,
  ): Promise<Result> {
    const before = this.#last;
    const result = ready.then(async (value) => {
      await before;
      return turn(value);
    });
    this.#last = result.then(
      () => undefined,
      () => before,
    );
    return result;
  }
}
