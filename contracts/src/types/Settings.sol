// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice What a deployment of the marketplace fixes for ever.
/// @param token ENG: 18 decimals, no transfer fee.
/// @param pool The account that the fee is credited to.
/// @param minRate Lowest rate of a dataset in wei per second; at least 1.
/// @param referencePrice u of the rank: the usual price of 30 days in wei; at least 1.
/// @param feeBps The pool's part of all earnings in basis points; below 10,000.
/// @param disputeWindowSeconds How long a deposit withdrawal waits before it may be taken.
/// @param tipSeconds What a renewer other than the curator earns: this many seconds of the rate.
/// @param tipWindowSeconds How long before the end the tip is offered; at most one day. Before that the curator's node
/// renews, and no subscriber pays a tip.
struct Settings {
    address token;
    address pool;
    uint256 minRate;
    uint256 referencePrice;
    uint16 feeBps;
    uint32 disputeWindowSeconds;
    uint32 tipSeconds;
    uint32 tipWindowSeconds;
}
