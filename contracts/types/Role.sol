// SPDX-License-Identifier: MIT
pragma solidity 0.8.30;

/// @notice The powers an admin may grant, over all contracts. Each contract uses the ones it names.
enum Role {
    /// CTFExchange: settles matches.
    OPERATOR,
    /// CTFExchange: registers conditions whose token ids the exchange derives itself.
    REGISTRAR,
    /// CTFExchange: stops matching. MarketFactory: stops creation. Starting either again is the admin's.
    PAUSER,
    /// ResolutionOracle: proposes results and disputes those of others.
    RESOLVER,
    /// MarketFactory: creates markets.
    CREATOR
}
