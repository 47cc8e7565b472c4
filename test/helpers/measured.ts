/**
 * True while coverage is measured. Every step of the chain is looked at then, so what runs no new line, and is held by the
 * ordinary run, is left out: reading all state before and after each of hundreds of refusals.
 */
export const MEASURED = process.env["SOLIDITY_COVERAGE"] === "true";
