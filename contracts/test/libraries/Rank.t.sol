// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {Rank} from "../../src/libraries/Rank.sol";
import {RankInputs} from "../../src/types/Dataset.sol";

contract RankTest is Test {
    uint256 private constant U = 10 ether;

    function _inputs(uint32 subscribers, uint88 liveRate, uint96 deposit, uint64 churn)
        private
        pure
        returns (RankInputs memory)
    {
        return RankInputs(subscribers, uint256(liveRate) * 30 days, U, deposit, churn);
    }

    function testFuzz_rankIsBoundedByItsPopularity(uint32 a, uint88 liveRate, uint96 deposit, uint64 churn)
        public
        pure
    {
        uint256 rank = Rank.compute(_inputs(a, liveRate, deposit, churn));
        assertLe(rank, uint256(a) * 1e18);
        assertLe(rank, uint256(liveRate) * 30 days * 1e18 / U);
    }

    function testFuzz_churnNeverHelpsAndDepositNeverHurts(
        uint32 a,
        uint88 liveRate,
        uint96 deposit,
        uint96 more,
        uint64 churn,
        uint64 moreChurn
    ) public pure {
        deposit = uint96(bound(deposit, 0, type(uint96).max - more));
        churn = uint64(bound(churn, 0, type(uint64).max - moreChurn));
        uint256 rank = Rank.compute(_inputs(a, liveRate, deposit, churn));
        assertLe(Rank.compute(_inputs(a, liveRate, deposit, churn + moreChurn)), rank);
        assertGe(Rank.compute(_inputs(a, liveRate, deposit + more, churn)), rank);
    }

    function testFuzz_whoComesAndGoesLeavesLessRankThanThereWas(uint32 a, uint64 churn) public pure {
        a = uint32(bound(a, 1, 1e6));
        churn = uint64(bound(churn, 0, 1e6 << 32));
        uint88 rate = uint88(uint256(a) * U / 30 days + a);
        uint88 one = uint88(U / 30 days + 1);
        uint256 before = Rank.compute(_inputs(a, rate, type(uint96).max, churn));
        uint256 afterwards = Rank.compute(_inputs(a, rate, type(uint96).max, churn + (1 << 32)));
        uint256 during = Rank.compute(_inputs(a + 1, rate + one, type(uint96).max, churn));
        assertLt(afterwards, before);
        assertGt(during, before);
    }
}
