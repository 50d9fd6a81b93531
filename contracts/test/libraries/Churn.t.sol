// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {Churn} from "../../src/libraries/Churn.sol";

contract ChurnTest is Test {
    function test_thirtyDaysLeaveEightyPerCent() public pure {
        uint256 churn = 1_000_000 * Churn.ONE;
        assertEq(Churn.decay(churn, 0), churn);
        assertApproxEqRel(Churn.decay(churn, 30), churn * 8 / 10, 1e3);
        assertApproxEqRel(Churn.decay(churn, 300), churn * 8 ** 10 / 10 ** 10, 1e4);
        assertEq(Churn.decay(churn, 10_000), 0);
        assertEq(Churn.decay(churn, type(uint24).max), 0);
    }

    /// @dev `0.8^(1/30)` to the thirtieth is 0.8: the constant is right to its last bits.
    function test_theDailyFactorIsTheThirtiethRoot() public pure {
        uint256 churn = type(uint64).max;
        uint256 stepwise = churn;
        for (uint256 i; i < 30; ++i) {
            stepwise = Churn.decay(stepwise, 1);
        }
        assertApproxEqAbs(stepwise, churn * 8 / 10, 60);
    }

    function testFuzz_decayInTwoStepsIsDecayInOne(uint64 churn, uint256 a, uint256 b) public pure {
        (a, b) = (bound(a, 0, 400), bound(b, 0, 400));
        uint256 twice = Churn.decay(Churn.decay(churn, a), b);
        assertApproxEqAbs(twice, Churn.decay(churn, a + b), 64);
    }

    function testFuzz_decayNeverGrows(uint64 churn, uint24 elapsedDays) public pure {
        assertLe(Churn.decay(churn, elapsedDays), churn);
    }

    function test_aLeaverAddsItsPaidPartUpToOne() public pure {
        assertEq(Churn.ofLeaver(0), 0);
        assertEq(Churn.ofLeaver(15 days), Churn.ONE / 2);
        assertEq(Churn.ofLeaver(30 days - 1), (30 days - 1) * Churn.ONE / 30 days);
        assertEq(Churn.ofLeaver(30 days), Churn.ONE);
        assertEq(Churn.ofLeaver(300 days), Churn.ONE);
    }

    function testFuzz_storingRoundsDownAndStopsAtTheLargestValue(uint256 churn) public pure {
        uint256 largest = uint256(type(uint48).max) << 8;
        assertEq(Churn.unpack(Churn.pack(churn)), churn > largest ? largest : churn / 256 * 256);
    }
}
