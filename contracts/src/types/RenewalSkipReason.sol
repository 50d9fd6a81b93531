// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Why `renew` left a subscription as it was.
/// @param NotRunning There is no subscription, or it has ended: only its owner may subscribe again. (0)
/// @param NotDue More than a day of it remains. (1)
/// @param NotAllowed The subscriber did not allow renewals. (2)
/// @param PriceAboveLimit The dataset's rate is above the subscriber's limit. (3)
/// @param DepositTooLow The dataset's deposit does not cover six days of its live rate. (4)
/// @param PaymentFailed The subscriber's allowance or balance does not cover the period. (5)
enum RenewalSkipReason {
    NotRunning,
    NotDue,
    NotAllowed,
    PriceAboveLimit,
    DepositTooLow,
    PaymentFailed
}
