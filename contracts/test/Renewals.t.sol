// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "../src/interfaces/IMarketplace.sol";
import {RenewalSkipReason} from "../src/types/RenewalSkipReason.sol";
import {Subscription} from "../src/types/Subscription.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

contract RenewalsTest is MarketplaceTest {
    uint256 private constant TIP = RATE * 1 hours;

    function _expectSkip(address account, RenewalSkipReason reason) private {
        uint256 balanceBefore = token.balanceOf(account);
        Subscription memory before = market.subscriptionOf(id, account);
        vm.expectEmit(address(market));
        emit IMarketplace.RenewalSkipped(id, account, reason);
        assertFalse(renew(keeper, account));
        assertEq(token.balanceOf(account), balanceBefore);
        assertEq(abi.encode(market.subscriptionOf(id, account)), abi.encode(before));
    }

    function test_aRenewalAddsExactlyThirtyDaysForThePriceOfThirtyDays() public {
        subscribe(alice);
        vm.warp(FIRST_END - 1 days);
        uint256 balanceBefore = token.balanceOf(alice);
        vm.expectEmit(address(market));
        emit IMarketplace.Renewed(id, alice, uint40(FIRST_END + PERIOD), RATE, 0);
        assertTrue(renew(keeper, alice));
        assertEq(balanceBefore - token.balanceOf(alice), RATE * PERIOD);
        Subscription memory subscription = market.subscriptionOf(id, alice);
        assertEq(subscription.start, START);
        assertEq(subscription.end, FIRST_END + PERIOD);
        assertEq(subscription.rate, RATE);
        assertEq(subscription.previousRate, RATE);
        assertEq(market.datasetOf(id).subscribers, 1);
    }

    function test_aRenewalIsNeitherEarlyNorLateNorTwice() public {
        subscribe(alice);
        subscribe(bob);
        vm.warp(FIRST_END - 1 days - 1);
        _expectSkip(alice, RenewalSkipReason.NotDue);
        vm.warp(FIRST_END - 1);
        assertTrue(renew(keeper, alice));
        _expectSkip(alice, RenewalSkipReason.NotDue);
        vm.warp(FIRST_END);
        _expectSkip(bob, RenewalSkipReason.NotRunning);
        _expectSkip(makeAddr("stranger"), RenewalSkipReason.NotRunning);
    }

    function test_theSameAccountTwiceInABatchPaysOnce() public {
        subscribe(alice);
        vm.warp(FIRST_END - 1 days);
        uint256 balanceBefore = token.balanceOf(alice);
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (alice, alice);
        assertEq(market.renew(id, accounts), 1);
        assertEq(balanceBefore - token.balanceOf(alice), RATE * PERIOD);
    }

    function test_onlyWhoAllowedItIsRenewed() public {
        subscribe(alice, RATE, false);
        vm.warp(FIRST_END - 1);
        _expectSkip(alice, RenewalSkipReason.NotAllowed);
        vm.prank(alice);
        market.setRenewalLimit(id, RATE);
        assertTrue(renew(keeper, alice));
    }

    function test_aPriceAboveTheLimitIsSkipped() public {
        subscribe(alice, 2 * RATE, true);
        setRate(2 * RATE + 1);
        vm.warp(FIRST_END - 1);
        _expectSkip(alice, RenewalSkipReason.PriceAboveLimit);
        setRate(2 * RATE);
        assertTrue(renew(keeper, alice));
    }

    function test_anUncoveredDatasetSellsNoNewPeriods() public {
        subscribe(alice);
        vm.prank(curator);
        market.requestDepositWithdrawal(id, DEPOSIT - RATE * 6 days + 1);
        vm.warp(FIRST_END - 1);
        _expectSkip(alice, RenewalSkipReason.DepositTooLow);
        market.addDeposit(id, 1);
        assertTrue(renew(keeper, alice));
    }

    function test_whoCannotPayIsSkippedAndTheOthersAreRenewed() public {
        subscribe(alice);
        subscribe(bob);
        vm.prank(bob);
        token.approve(address(market), RATE * PERIOD - 1);
        vm.warp(FIRST_END - 1 days);
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (bob, alice);
        vm.expectEmit(address(market));
        emit IMarketplace.RenewalSkipped(id, bob, RenewalSkipReason.PaymentFailed);
        assertEq(market.renew(id, accounts), 1);
        assertEq(endOf(bob), FIRST_END);
        assertEq(endOf(alice), FIRST_END + PERIOD);
    }

    function test_aNewPriceStartsAtTheOldEnd() public {
        subscribe(alice, 3 * RATE, true);
        setRate(3 * RATE);
        vm.warp(FIRST_END - 1 days);
        uint256 balanceBefore = token.balanceOf(alice);
        assertTrue(renew(curator, alice));
        assertEq(balanceBefore - token.balanceOf(alice), 3 * RATE * PERIOD);
        uint256 firstPeriod = RATE * (FIRST_END - START);
        assertEq(market.datasetOf(id).liveRate, RATE);
        vm.warp(FIRST_END);
        assertEq(market.datasetOf(id).liveRate, 3 * RATE);
        assertEq(market.datasetOf(id).earned + credited(), firstPeriod);
        vm.warp(FIRST_END + PERIOD / 2);
        assertEq(market.datasetOf(id).earned + credited(), firstPeriod + 3 * RATE * PERIOD / 2);
        vm.warp(FIRST_END + PERIOD + 5);
        assertEq(market.datasetOf(id).earned + credited(), firstPeriod + 3 * RATE * PERIOD);
        assertEq(market.datasetOf(id).liveRate, 0);
    }

    function testFuzz_leavingBetweenARenewalAndItsStartPaysBothPricesBack(uint256 newRate, uint256 stay) public {
        newRate = bound(newRate, 1000, 100 * RATE);
        stay = bound(stay, 0, PERIOD + 1 days - 1);
        subscribe(alice, 100 * RATE, true);
        setRate(newRate);
        vm.warp(FIRST_END - 1 days);
        assertTrue(renew(curator, alice));
        skip(stay);
        unsubscribe(alice);
        uint256 used = FIRST_END - START - 1 days + stay;
        uint256 atOldRate = used < FIRST_END - START ? used : FIRST_END - START;
        uint256 cost = RATE * atOldRate + newRate * (used - atOldRate);
        assertEq(RICHES - token.balanceOf(alice), cost);
        assertEq(market.datasetOf(id).earned + credited(), cost);
        skip(90 days);
        assertEq(market.datasetOf(id).earned + credited(), cost);
        assertEq(market.datasetOf(id).liveRate, 0);
        market.collect(id, config());
        assertEq(token.balanceOf(address(market)), DEPOSIT + credited());
    }

    function test_noTipBeforeTheTipWindow() public {
        subscribe(alice, 2 * RATE, true);
        vm.warp(FIRST_END - 6 hours - 1);
        assertTrue(renew(keeper, alice));
        assertEq(market.balanceOf(keeper), 0);
    }

    function test_anotherRenewerEarnsATipOnTopWithinTheLimit() public {
        subscribe(alice, 2 * RATE, true);
        vm.warp(FIRST_END - 6 hours);
        uint256 balanceBefore = token.balanceOf(alice);
        vm.expectEmit(address(market));
        emit IMarketplace.Renewed(id, alice, uint40(FIRST_END + PERIOD), RATE, TIP);
        vm.expectEmit(address(market));
        emit IMarketplace.TipsEarned(id, keeper, TIP);
        assertTrue(renew(keeper, alice));
        assertEq(balanceBefore - token.balanceOf(alice), RATE * PERIOD + TIP);
        assertEq(market.balanceOf(keeper), TIP);
        vm.prank(keeper);
        assertEq(market.withdraw(), TIP);
    }

    function test_theTipNeverExceedsTheRoomBelowTheLimit() public {
        uint256 limit = RATE + TIP / PERIOD - 1;
        subscribe(alice, limit, true);
        subscribe(bob, RATE, true);
        vm.warp(FIRST_END - 1);
        uint256 balanceBefore = token.balanceOf(alice);
        assertTrue(renew(keeper, alice));
        assertEq(balanceBefore - token.balanceOf(alice), limit * PERIOD);
        balanceBefore = token.balanceOf(bob);
        assertTrue(renew(keeper, bob));
        assertEq(balanceBefore - token.balanceOf(bob), RATE * PERIOD);
        assertEq(market.balanceOf(keeper), (limit - RATE) * PERIOD);
    }

    function test_theCuratorAndTheSubscriberEarnNoTip() public {
        subscribe(alice, 2 * RATE, true);
        subscribe(bob, 2 * RATE, true);
        vm.warp(FIRST_END - 1);
        assertTrue(renew(curator, alice));
        assertTrue(renew(bob, bob));
        assertEq(market.balanceOf(curator) + market.balanceOf(bob), 0);
    }

    function test_accessNeverPausesAcrossARenewal() public {
        subscribe(alice);
        vm.warp(FIRST_END - 1);
        renew(keeper, alice);
        vm.warp(FIRST_END);
        assertTrue(market.hasAccess(id, alice));
        vm.warp(FIRST_END + PERIOD - 1);
        assertTrue(market.hasAccess(id, alice));
        vm.warp(FIRST_END + PERIOD);
        assertFalse(market.hasAccess(id, alice));
    }

    function test_closingBetweenARenewalAndItsStartOwesBothPeriods() public {
        subscribe(alice, 2 * RATE, true);
        setRate(2 * RATE);
        vm.warp(FIRST_END - 1000);
        renew(curator, alice);
        vm.prank(curator);
        market.close(id);
        assertEq(market.refundOf(id, alice), RATE * 1000 + 2 * RATE * PERIOD);
        unsubscribe(alice);
        market.collect(id, config());
        assertEq(token.balanceOf(address(market)), DEPOSIT + credited());
        assertEq(credited(), RATE * (FIRST_END - START - 1000));
    }
}
