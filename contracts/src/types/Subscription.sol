// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One account's paid subscription to one dataset: exactly one storage slot, so that a light client can prove
/// it with one storage proof.
/// @dev A renewal takes effect at the old end. Until then, that is while `block.timestamp < end - 30 days`, the
/// subscription runs at `previousRate`; from then on it runs at `rate`.
/// @param start Unix second at which the account subscribed; renewals keep it.
/// @param end Unix second, a UTC midnight, from which there is no access any more.
/// @param rate Wei per second of the last period that was paid.
/// @param maxRate Highest rate, tip included, at which the subscriber allows a renewal; zero allows none.
/// @param previousRate Wei per second of the period before the last renewal; zero before the first one.
struct Subscription {
    uint40 start;
    uint40 end;
    uint56 rate;
    uint56 maxRate;
    uint56 previousRate;
}
