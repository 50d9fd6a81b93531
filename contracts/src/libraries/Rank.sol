// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {RankInputs} from "../types/Dataset.sol";
import {Churn} from "./Churn.sol";

/// @title Rank: popularity times loyalty times trust
/// @notice `R = min(A, M/u) * (A+1)/(A+U+2) * min(1, D/M)`; the letters are those of `RankInputs`. Popularity counts a
/// subscriber at most once and at most by what it pays, so every unit of it costs the fee of `u` a month to fake;
/// whoever comes and goes leaves less rank behind than there was; a deposit buys trust, not rank.
library Rank {
    uint256 private constant ONE = 1e18;

    /// @notice The rank with 18 decimals; zero without revenue.
    function compute(RankInputs memory inputs) internal pure returns (uint256 rank) {
        uint256 a = inputs.subscribers;
        uint256 m = inputs.monthlyRevenue;
        if (m == 0) return 0;
        rank = Math.min(a * ONE, Math.mulDiv(m, ONE, inputs.referencePrice));
        rank = Math.mulDiv(rank, (a + 1) * Churn.ONE, (a + 2) * Churn.ONE + inputs.churn);
        if (inputs.deposit < m) rank = Math.mulDiv(rank, inputs.deposit, m);
    }
}
