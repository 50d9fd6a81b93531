// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Calendar} from "./Calendar.sol";

/// @title Churn: how many subscribers left lately
/// @notice A number with 32 fractional bits. One expiry adds 1, a leaver the paid part of a period up to 1; all of it
/// fades by `0.8^(days / 30)`. Decay and storing round down by less than `2^-24`.
library Churn {
    /// @notice One subscriber that paid a whole period and is gone.
    uint256 internal constant ONE = 1 << 32;

    uint256 private constant PACKED_SHIFT = 8;

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

    /// @notice The churn as it is stored, with 24 fractional bits. It is held at the largest value, because counting
    /// must never stop anyone from leaving.
    function pack(uint256 churn) internal pure returns (uint48) {
        uint256 packed = churn >> PACKED_SHIFT;
        // forge-lint: disable-next-line(unsafe-typecast)
        return packed > type(uint48).max ? type(uint48).max : uint48(packed);
    }

    /// @notice The inverse of `pack`.
    function unpack(uint48 packed) internal pure returns (uint256) {
        return uint256(packed) << PACKED_SHIFT;
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
