// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IMarketplace} from "../src/interfaces/IMarketplace.sol";
import {Subscription} from "../src/types/Subscription.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

contract SubscriptionsTest is MarketplaceTest {
    function test_subscribeSellsTheSecondsUntilTheLastMidnightWithinThirtyDays() public {
        vm.expectEmit(address(market));
        emit IMarketplace.Subscribed(id, alice, uint40(START), uint40(FIRST_END), RATE, 2 * RATE);
        subscribe(alice, 2 * RATE, true);
        Subscription memory subscription = market.subscriptionOf(id, alice);
        assertEq(subscription.start, START);
        assertEq(subscription.end, FIRST_END);
        assertEq(subscription.rate, RATE);
        assertEq(subscription.maxRate, 2 * RATE);
        assertEq(subscription.previousRate, 0);
        assertEq(token.balanceOf(alice), RICHES - RATE * (FIRST_END - START));
    }

    function testFuzz_everyEndIsAMidnightTwentyNineToThirtyDaysAhead(uint256 time) public {
        time = bound(time, START, START + 3650 days);
        vm.warp(time);
        subscribe(alice);
        uint256 end = endOf(alice);
        assertEq(end % 1 days, 0);
        assertGt(end, time + 29 days);
        assertLe(end, time + 30 days);
        assertEq(RICHES - token.balanceOf(alice), RATE * (end - time));
    }

    function test_withoutAutoRenewalTheLimitIsZero() public {
        subscribe(alice, 2 * RATE, false);
        assertEq(market.subscriptionOf(id, alice).maxRate, 0);
    }

    function test_aLimitAboveEveryRateIsStoredAsTheLargest() public {
        subscribe(alice, type(uint256).max, true);
        assertEq(market.subscriptionOf(id, alice).maxRate, type(uint56).max);
    }

    function test_aPriceAboveTheLimitIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.PriceAboveLimit.selector, RATE, RATE - 1));
        subscribe(alice, RATE - 1, true);
    }

    function test_aRunningSubscriptionCannotBeBoughtTwice() public {
        subscribe(alice);
        vm.warp(FIRST_END - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.AlreadySubscribed.selector, id, alice, FIRST_END));
        subscribe(alice);
        vm.warp(FIRST_END);
        subscribe(alice);
        assertEq(endOf(alice), FIRST_END + PERIOD);
        assertEq(market.datasetOf(id).subscribers, 1);
    }

    function test_aSubscriberWithoutAllowanceOrBalanceIsRefused() public {
        vm.prank(alice);
        token.approve(address(market), 0);
        uint256 price = RATE * (FIRST_END - START);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, price)
        );
        subscribe(alice);
        vm.prank(bob);
        require(token.transfer(alice, RICHES));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bob, 0, price));
        subscribe(bob);
    }

    function testFuzz_leavingPaysBackEveryUnusedSecond(uint256 stay) public {
        subscribe(alice);
        stay = bound(stay, 0, FIRST_END - START - 1);
        skip(stay);
        uint256 refund = RATE * (FIRST_END - block.timestamp);
        assertEq(market.refundOf(id, alice), refund);
        vm.expectEmit(address(market));
        emit IMarketplace.Unsubscribed(id, alice, refund);
        unsubscribe(alice);
        assertEq(token.balanceOf(alice), RICHES - RATE * stay);
        assertEq(market.subscriptionOf(id, alice).end, 0);
        assertEq(market.datasetOf(id).earned, RATE * stay);
        assertEq(market.datasetOf(id).liveRate, 0);
        assertEq(market.datasetOf(id).subscribers, 0);
        skip(60 days);
        assertEq(market.datasetOf(id).earned, RATE * stay, "its ending was taken back");
    }

    function test_leavingWithoutASubscriptionIsRefused() public {
        bytes memory refusal = abi.encodeWithSelector(IMarketplace.NotSubscribed.selector, id, alice);
        vm.expectRevert(refusal);
        unsubscribe(alice);
        subscribe(alice);
        vm.warp(FIRST_END);
        vm.expectRevert(refusal);
        unsubscribe(alice);
        vm.prank(curator);
        market.close(id);
        vm.expectRevert(refusal);
        unsubscribe(alice);
    }

    function test_aPermitAllowsAndSubscribesAtOnce() public {
        (address carol, uint256 key) = makeAddrAndKey("carol");
        require(token.transfer(carol, RICHES));
        uint256 price = RATE * (FIRST_END - START);
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(key, carol, price);
        vm.prank(carol);
        market.subscribeWithPermit(id, RATE, false, price, block.timestamp, v, r, s);
        assertEq(token.balanceOf(carol), RICHES - price);
        assertTrue(market.hasAccess(id, carol));
        assertEq(token.allowance(carol, address(market)), 0);
    }

    function test_aPermitThatSomeoneSpentFirstStillSubscribes() public {
        (address carol, uint256 key) = makeAddrAndKey("carol");
        require(token.transfer(carol, RICHES));
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(key, carol, RICHES);
        token.permit(carol, address(market), RICHES, block.timestamp, v, r, s);
        vm.prank(carol);
        market.subscribeWithPermit(id, RATE, false, RICHES, block.timestamp, v, r, s);
        assertTrue(market.hasAccess(id, carol));
    }

    function test_aForgedPermitSubscribesNobody() public {
        (address carol,) = makeAddrAndKey("carol");
        (, uint256 otherKey) = makeAddrAndKey("mallory");
        require(token.transfer(carol, RICHES));
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(otherKey, carol, RICHES);
        vm.prank(carol);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        market.subscribeWithPermit(id, RATE, false, RICHES, block.timestamp, v, r, s);
    }

    function _signPermit(uint256 key, address owner, uint256 amount)
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 permitType =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 message =
            keccak256(abi.encode(permitType, owner, address(market), amount, token.nonces(owner), block.timestamp));
        return vm.sign(key, keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), message)));
    }

    function test_theRenewalLimitChangesWhileTheSubscriptionRuns() public {
        bytes memory refusal = abi.encodeWithSelector(IMarketplace.NotSubscribed.selector, id, alice);
        vm.prank(alice);
        vm.expectRevert(refusal);
        market.setRenewalLimit(id, RATE);
        subscribe(alice);
        vm.expectEmit(address(market));
        emit IMarketplace.RenewalLimitChanged(id, alice, 0);
        vm.prank(alice);
        market.setRenewalLimit(id, 0);
        assertEq(market.subscriptionOf(id, alice).maxRate, 0);
        vm.expectEmit(address(market));
        emit IMarketplace.RenewalLimitChanged(id, alice, type(uint56).max);
        vm.prank(alice);
        market.setRenewalLimit(id, type(uint256).max);
        assertEq(market.subscriptionOf(id, alice).maxRate, type(uint56).max);
        vm.warp(FIRST_END);
        vm.prank(alice);
        vm.expectRevert(refusal);
        market.setRenewalLimit(id, RATE);
    }

    function test_aTrialRunsOnceAndNeverCounts() public {
        vm.expectEmit(address(market));
        emit IMarketplace.TrialStarted(id, alice, uint40(START + TRIAL_SECONDS));
        vm.prank(alice);
        market.startTrial(id);
        assertEq(market.trialEndOf(id, alice), START + TRIAL_SECONDS);
        assertEq(market.datasetOf(id).subscribers, 0);
        assertEq(market.rankOf(id), 0);
        vm.warp(START + TRIAL_SECONDS - 1);
        assertTrue(market.hasAccess(id, alice));
        skip(1);
        assertFalse(market.hasAccess(id, alice));
        vm.prank(alice);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketplace.TrialAlreadyUsed.selector, id, alice, START + TRIAL_SECONDS)
        );
        market.startTrial(id);
    }

    function test_leavingDoesNotMakeAnotherTrialPossible() public {
        vm.prank(alice);
        market.startTrial(id);
        subscribe(alice);
        unsubscribe(alice);
        vm.prank(alice);
        vm.expectPartialRevert(IMarketplace.TrialAlreadyUsed.selector);
        market.startTrial(id);
        assertTrue(market.hasAccess(id, alice), "the trial still runs");
    }

    function test_aDatasetWithoutTrialsRefusesThem() public {
        vm.prank(curator);
        market.update(id, config(), RATE, config(), 0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.TrialNotOffered.selector, id));
        market.startTrial(id);
    }

    function test_closingEndsTrials() public {
        vm.prank(alice);
        market.startTrial(id);
        vm.prank(curator);
        market.close(id);
        assertFalse(market.hasAccess(id, alice));
    }

    function test_anyoneClaimsTheRefundsOfAClosedDatasetInOneBatch() public {
        subscribe(alice);
        skip(2 days);
        subscribe(bob);
        skip(10 days);
        vm.prank(curator);
        market.close(id);
        uint256 closedAt = block.timestamp;
        skip(100 days);
        address[] memory accounts = new address[](4);
        (accounts[0], accounts[1], accounts[2], accounts[3]) = (alice, keeper, bob, alice);
        assertEq(market.refundOf(id, alice), RATE * (FIRST_END - closedAt));
        vm.expectEmit(address(market));
        emit IMarketplace.RefundClaimed(id, alice, RATE * (FIRST_END - closedAt));
        market.claimRefunds(id, accounts);
        assertEq(token.balanceOf(alice), RICHES - RATE * (12 days));
        assertEq(token.balanceOf(bob), RICHES - RATE * (10 days));
        assertEq(token.balanceOf(keeper), RICHES);
        assertEq(market.refundOf(id, alice), 0);
    }

    function test_aSubscriberOfAClosedDatasetLeavesWithTheSameRefund() public {
        subscribe(alice);
        skip(2 days);
        vm.prank(curator);
        market.close(id);
        skip(1 days);
        vm.expectEmit(address(market));
        emit IMarketplace.RefundClaimed(id, alice, RATE * (FIRST_END - START - 2 days));
        unsubscribe(alice);
        assertEq(token.balanceOf(alice), RICHES - RATE * 2 days);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.NotSubscribed.selector, id, alice));
        unsubscribe(alice);
    }

    function test_whatEndedBeforeTheClosingHasNoClaim() public {
        subscribe(alice);
        vm.warp(FIRST_END);
        vm.prank(curator);
        market.close(id);
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        market.claimRefunds(id, accounts);
        assertEq(token.balanceOf(alice), RICHES - RATE * (FIRST_END - START));
    }

    function test_anOpenDatasetHasNoClaims() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.DatasetIsOpen.selector, id));
        market.claimRefunds(id, new address[](0));
    }
}
