// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "../src/interfaces/IMarketplace.sol";
import {DatasetConfig, Payout} from "../src/types/DatasetConfig.sol";
import {DatasetId} from "../src/types/DatasetId.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

contract EarningsTest is MarketplaceTest {
    function test_collectCreditsThePoolAndThePayeesUntilThisSecond() public {
        subscribe(alice);
        skip(1001);
        uint256 amount = RATE * 1001;
        uint256 rest = amount - amount / 20;
        vm.expectEmit(address(market));
        emit IMarketplace.EarningsCollected(id, amount, amount / 20);
        assertEq(market.collect(id, config()), amount);
        assertEq(market.balanceOf(pool), amount / 20);
        assertEq(market.balanceOf(payeeB), rest * 3 / 10);
        assertEq(market.balanceOf(payeeC), rest * 3 / 10);
        assertEq(market.balanceOf(payeeA), rest - 2 * (rest * 3 / 10));
        assertEq(market.datasetOf(id).earned, 0);
    }

    function test_nothingEarnedIsCollectedSilently() public {
        vm.recordLogs();
        assertEq(market.collect(id, config()), 0);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_collectNeedsThePresentConfig() public {
        DatasetConfig memory wrong = config();
        wrong.payouts[0] = Payout(bob, 4000);
        bytes memory refusal =
            abi.encodeWithSelector(IMarketplace.ConfigDoesNotMatch.selector, configHash(wrong), configHash(config()));
        vm.expectRevert(refusal);
        market.collect(id, wrong);
        vm.expectRevert(refusal);
        market.collectAndWithdraw(id, wrong);
    }

    function testFuzz_sharesSumToWhatWasEarned(uint256 rate, uint256 time, uint256 count, uint256 seed) public {
        rate = bound(rate, 1000, type(uint56).max / 100_000);
        count = bound(count, 1, 8);
        Payout[] memory payouts = new Payout[](count);
        uint256 left = 10_000;
        for (uint256 i; i < count; ++i) {
            uint256 rest = count - 1 - i;
            uint256 share = rest == 0 ? left : bound(uint256(keccak256(abi.encode(seed, i))), 1, left - rest);
            payouts[i] = Payout(address(uint160(0xBEEF + i)), uint16(share));
            left -= share;
        }
        DatasetConfig memory odd = DatasetConfig(METADATA_HASH, publisher, payouts);
        vm.prank(curator);
        market.update(id, config(), rate, odd, 0);
        subscribe(alice, rate, false);
        skip(bound(time, 0, 30 days));
        uint256 amount = market.collect(id, odd);
        uint256 sum = market.balanceOf(pool);
        assertLe(sum, amount / 20);
        for (uint256 i; i < count; ++i) {
            sum += market.balanceOf(payouts[i].payee);
        }
        assertEq(sum, amount);
    }

    function test_withdrawPaysTheWholeBalanceOnce() public {
        subscribe(alice);
        skip(1 days);
        market.collect(id, config());
        uint256 owed = market.balanceOf(payeeB);
        vm.expectEmit(address(market));
        emit IMarketplace.Withdrawn(payeeB, owed);
        vm.prank(payeeB);
        assertEq(market.withdraw(), owed);
        assertEq(token.balanceOf(payeeB), owed);
        vm.prank(payeeB);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.NothingToWithdraw.selector, payeeB));
        market.withdraw();
    }

    function test_thePoolWithdrawsLikeAnyPayee() public {
        subscribe(alice);
        skip(1 days);
        vm.prank(pool);
        assertEq(market.collectAndWithdraw(id, config()), RATE * 1 days / 20);
        assertEq(token.balanceOf(pool), RATE * 1 days / 20);
        assertEq(market.balanceOf(pool), 0);
    }

    function test_collectAndWithdrawPaysWhatTheTwoCallsWouldPay() public {
        subscribe(alice);
        skip(1 days);
        market.collect(id, config());
        skip(1 days);
        uint256 snapshot = vm.snapshotState();
        market.collect(id, config());
        vm.prank(payeeA);
        uint256 separately = market.withdraw();
        uint256[3] memory balances = [market.balanceOf(pool), market.balanceOf(payeeB), market.balanceOf(payeeC)];
        vm.revertToState(snapshot);
        vm.prank(payeeA);
        assertEq(market.collectAndWithdraw(id, config()), separately);
        assertEq(token.balanceOf(payeeA), separately);
        assertEq(market.balanceOf(payeeA), 0);
        assertEq(market.balanceOf(pool), balances[0]);
        assertEq(market.balanceOf(payeeB), balances[1]);
        assertEq(market.balanceOf(payeeC), balances[2]);
    }

    function test_aPayeeListedTwiceIsPaidBothShares() public {
        Payout[] memory payouts = new Payout[](2);
        payouts[0] = Payout(bob, 5000);
        payouts[1] = Payout(bob, 5000);
        DatasetConfig memory twice = DatasetConfig(METADATA_HASH, publisher, payouts);
        vm.prank(curator);
        market.update(id, config(), RATE, twice, 0);
        subscribe(alice);
        skip(100);
        vm.prank(bob);
        assertEq(market.collectAndWithdraw(id, twice), RATE * 95);
    }

    function test_aStrangerCollectsButHasNothingToWithdraw() public {
        subscribe(alice);
        skip(1 days);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.NothingToWithdraw.selector, bob));
        market.collectAndWithdraw(id, config());
    }

    /// @dev The same history settled at every step, at random steps or only at the end gives the same totals.
    function testFuzz_settlingIsPathIndependent(uint256 seed) public {
        DatasetId[2] memory ids = [register("often_settled", RATE), register("once_settled", RATE)];
        for (uint256 step; step < 12; ++step) {
            uint256 random = uint256(keccak256(abi.encode(seed, step)));
            for (uint256 k; k < 2; ++k) {
                _act(ids[k], random);
            }
            uint256 until = block.timestamp + random % 40 days;
            while (block.timestamp < until) {
                vm.warp(block.timestamp + 6 hours + (random >> 32) % 3 days);
                market.collect(ids[0], config());
            }
        }
        uint256 creditedOften = credited();
        uint256 earnedOnce = market.datasetOf(ids[1]).earned;
        assertEq(creditedOften + market.datasetOf(ids[0]).earned, earnedOnce);
        assertEq(market.datasetOf(ids[0]).liveRate, market.datasetOf(ids[1]).liveRate);
        assertEq(market.datasetOf(ids[0]).subscribers, market.datasetOf(ids[1]).subscribers);
        assertApproxEqAbs(market.datasetOf(ids[0]).churn, market.datasetOf(ids[1]).churn, 1000);
        skip(62 days);
        uint256 atEnd = market.datasetOf(ids[1]).earned;
        assertEq(market.collect(ids[1], config()), atEnd);
        assertEq(market.datasetOf(ids[1]).liveRate, 0);
    }

    function _act(DatasetId dataset, uint256 random) private {
        address account = [alice, bob, keeper][random % 3];
        uint256 end = market.subscriptionOf(dataset, account).end;
        vm.startPrank(account);
        if (end <= block.timestamp) {
            market.subscribe(dataset, RATE, true);
        } else if (end <= block.timestamp + 1 days) {
            address[] memory accounts = new address[](1);
            accounts[0] = account;
            market.renew(dataset, accounts);
        } else if (random % 5 == 0) {
            market.unsubscribe(dataset);
        }
        vm.stopPrank();
    }
}
