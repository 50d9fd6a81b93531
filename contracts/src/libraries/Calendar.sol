// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The marketplace's calendar: periods of 30 days that end at UTC midnights
library Calendar {
    /// @notice Seconds of one period; prices are shown for one period.
    uint256 internal constant PERIOD = 30 days;
    /// @notice Days of one period.
    uint256 internal constant PERIOD_DAYS = 30;

    /// @notice The day that contains a Unix second.
    function dayOf(uint256 time) internal pure returns (uint256) {
        return time / 1 days;
    }

    /// @notice The last midnight within one period from `time`: where a subscription that starts at `time` ends.
    function firstEnd(uint256 time) internal pure returns (uint256) {
        return (time / 1 days + PERIOD_DAYS) * 1 days;
    }
}
