// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Calendar} from "./Calendar.sol";

/// @title Churn: how many subscribers left lately
/// @notice A number with 32 fractional bits. One expiry adds 1, a leaver the paid part of a period up to 1; all of it
/// fades by `0.8^(days / 30)`. Decay rounds down, so a settlement can lose less than `2^-32`.
library Churn {
    /// @notice One subscriber that paid a whole period and is gone.
    uint256 internal constant ONE = 1 << 32;

    /// @dev `floor(0.8^(1/30) * 2^64)`.
    uint256 private constant DAILY_FACTOR = 18_310_044_033_407_904_830;

    /// @notice What is left of `churn` after `elapsedDays`.
    function decay(uint256 churn, uint256 elapsedDays) internal pure returns (uint256) {
        return churn == 0 ? 0 : (churn * _factor(elapsedDays)) >> 64;
    }

    /// @notice What a subscriber adds that leaves after `paidSeconds`.
    function ofLeaver(uint256 paidSeconds) internal pure returns (uint256) {
        return paidSeconds < Calendar.PERIOD ? (paidSeconds * ONE) / Calendar.PERIOD : ONE;
    }

    /// @notice The sum, held at the largest value that is stored: counting must never stop anyone from leaving.
    function add(uint256 churn, uint256 more) internal pure returns (uint64) {
        uint256 sum = churn + more;
        // forge-lint: disable-next-line(unsafe-typecast)
        return sum > type(uint64).max ? type(uint64).max : uint64(sum);
    }

    /// @dev `0.8^(exponent / 30)` with 64 fractional bits, by repeated squaring.
    function _factor(uint256 exponent) private pure returns (uint256 result) {
        result = 1 << 64;
        uint256 square = DAILY_FACTOR;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 == 1) result = (result * square) >> 64;
            square = (square * square) >> 64;
        }
    }
}
