import type { Hex } from "./types";

export interface SettlerOptions {
  /** The most matches in one transaction. */
  readonly maxMatchesPerBatch: number;
  /** Waiting matches looked at for one transaction: so many that fail at the head do not hide those behind them. */
  readonly maxLookAhead: number;
  /** The most gas of one transaction. Absent: what is known of the chain; see transactionGasLimit. */
  readonly maxGas?: bigint;
  /** Attempts of a match that may come to nothing with no order named. Then it is given up. */
  readonly maxAttempts: number;
  /** Suspect matches share at most this part of a transaction's gas: one in so many. */
  readonly suspectPart: bigint;
  /** Gas that failed attempts may cost an account in an hour; above it, see GasBudget. */
  readonly fruitlessGasPerHour: bigint;
  /** How long an account over that has no attempt after one that came to nothing. */
  readonly fruitlessPauseMs: number;
  /** Gas that failed attempts burn in an hour, of all accounts, from which on people are alerted. */
  readonly gasBurntAlert: bigint;
  /** How long a match is held back for its account or for want of room before it is given up. */
  readonly maxHoldMs: number;
  /** Blocks after which a transaction that is not mined is signed anew with higher fees. */
  readonly bumpAfterBlocks: bigint;
  /** The most a unit of gas may cost, in wei. */
  readonly maxFeeCap: bigint;
  /** How long an account rests whose order kept a match from settling. Doubled with each that cost gas. */
  readonly coolDownMs: number;
  /** How long two accounts are not matched with each other after a fruitless match. Doubled each time. */
  readonly pairRestMs: number;
  /** The longest rest of an account or a pair. */
  readonly maxRestMs: number;
  /** How long a match rests that fails with nobody to blame. */
  readonly stuckMs: number;
  /** How often the lane looks when nothing wakes it. */
  readonly pollMs: number;
  /** Which markets are this lane's. Default: all. */
  readonly owns?: (conditionId: Hex) => boolean;
}

export const SETTLER_DEFAULTS: SettlerOptions = {
  maxMatchesPerBatch: 100,
  maxLookAhead: 200,
  maxAttempts: 3,
  suspectPart: 4n,
  fruitlessGasPerHour: 5_000_000n,
  fruitlessPauseMs: 600_000,
  gasBurntAlert: 10_000_000n,
  maxHoldMs: 900_000,
  bumpAfterBlocks: 5n,
  maxFeeCap: 2_000_000_000_000n,
  coolDownMs: 60_000,
  pairRestMs: 600_000,
  maxRestMs: 86_400_000,
  stuckMs: 30_000,
  pollMs: 1_000,
};
