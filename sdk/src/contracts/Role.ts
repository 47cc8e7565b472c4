/** The roles an admin may grant, as the contracts number them. */
export const Role = {
  /** CTFExchange: settles matches. */
  OPERATOR: 0,
  /** CTFExchange: registers conditions. */
  REGISTRAR: 1,
  /** CTFExchange: stops matching. MarketFactory: stops creation. */
  PAUSER: 2,
  /** ResolutionOracle: proposes and disputes results. */
  RESOLVER: 3,
  /** MarketFactory: creates markets. */
  CREATOR: 4,
} as const;

export type Role = (typeof Role)[keyof typeof Role];
