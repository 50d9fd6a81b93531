// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "../src/interfaces/IMarketplace.sol";
import {DatasetConfig, Payout} from "../src/types/DatasetConfig.sol";
import {DatasetState} from "../src/types/Dataset.sol";
import {DatasetId} from "../src/types/DatasetId.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

contract DatasetsTest is MarketplaceTest {
    function test_registerStoresAndAnnouncesTheDataset() public {
        DatasetConfig memory c = config();
        DatasetId expected = DatasetId.wrap(keccak256(abi.encode(curator, "flights")));
        vm.expectEmit(address(market));
        emit IMarketplace.DatasetRegistered(
            expected, curator, "flights", RATE, DEPOSIT, METADATA_HASH, publisher, c.payouts, TRIAL_SECONDS
        );
        DatasetId actual = register("flights", RATE);
        assertTrue(actual == expected);
        DatasetState memory state = market.datasetOf(actual);
        assertEq(state.curator, curator);
        assertEq(state.rate, RATE);
        assertEq(state.deposit, DEPOSIT);
        assertEq(state.trialSeconds, TRIAL_SECONDS);
        assertEq(state.configHash, configHash(c));
        assertEq(state.closedAt + state.liveRate + state.subscribers + state.churn + state.earned, 0);
        assertEq(token.balanceOf(address(market)), 2 * DEPOSIT);
    }

    function test_registerWithoutDepositMovesNothing() public {
        vm.prank(makeAddr("pauper"));
        market.register("free_data", RATE, 0, config(), 0);
        assertEq(token.balanceOf(address(market)), DEPOSIT);
    }

    function test_aNameIsTakenOncePerCurator() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.DatasetAlreadyRegistered.selector, id));
        register("coinbase_data", RATE);
        vm.prank(bob);
        DatasetId other = market.register("coinbase_data", RATE, DEPOSIT, config(), 0);
        assertFalse(other == id);
    }

    function test_aClosedNameNeverReopens() public {
        vm.startPrank(curator);
        market.close(id);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.DatasetAlreadyRegistered.selector, id));
        market.register("coinbase_data", RATE, DEPOSIT, config(), 0);
    }

    function test_badNamesAreRefused() public {
        string[9] memory names =
            ["", "ab", "abcdefghijklmnopqrstuvwxyzabcdef", "1abc", "_abc", "Abc", "a-bc", "ab c", unicode"abcé"];
        for (uint256 i; i < names.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarketplace.NameNotAllowed.selector, names[i]));
            register(names[i], RATE);
        }
    }

    function test_badRatesAreRefused() public {
        uint256[4] memory rates = [uint256(0), 999, uint256(type(uint56).max) + 1, type(uint256).max];
        for (uint256 i; i < rates.length; ++i) {
            bytes memory refusal =
                abi.encodeWithSelector(IMarketplace.RateOutOfRange.selector, rates[i], 1000, type(uint56).max);
            vm.expectRevert(refusal);
            register("flights", rates[i]);
            vm.expectRevert(refusal);
            setRate(rates[i]);
        }
        register("cheap", 1000);
        register("dear", type(uint56).max);
    }

    function test_aTrialIsAtMostThirtyDays() public {
        vm.startPrank(curator);
        market.register("flights", RATE, DEPOSIT, config(), 30 days);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.TrialTooLong.selector, 30 days + 1, 30 days));
        market.register("zipcodes", RATE, DEPOSIT, config(), 30 days + 1);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.TrialTooLong.selector, 30 days + 1, 30 days));
        market.update(id, config(), RATE, config(), 30 days + 1);
    }

    function test_payeesMustBeOneToEightWithWholeShares() public {
        _expectRefusedPayouts(new Payout[](0), abi.encodeWithSelector(IMarketplace.PayeeCountOutOfRange.selector, 0, 8));
        _expectRefusedPayouts(new Payout[](9), abi.encodeWithSelector(IMarketplace.PayeeCountOutOfRange.selector, 9, 8));
        Payout[] memory payouts = new Payout[](2);
        payouts[0] = Payout(payeeA, 9999);
        payouts[1] = Payout(address(0), 1);
        _expectRefusedPayouts(payouts, abi.encodeWithSelector(IMarketplace.PayeeNotAllowed.selector, address(0), 1));
        payouts[1] = Payout(payeeB, 0);
        _expectRefusedPayouts(payouts, abi.encodeWithSelector(IMarketplace.PayeeNotAllowed.selector, payeeB, 0));
        payouts[1] = Payout(payeeB, 2);
        _expectRefusedPayouts(payouts, abi.encodeWithSelector(IMarketplace.SharesNotWhole.selector, 10_001));
        payouts[0] = Payout(payeeA, 9997);
        _expectRefusedPayouts(payouts, abi.encodeWithSelector(IMarketplace.SharesNotWhole.selector, 9999));
    }

    function _expectRefusedPayouts(Payout[] memory payouts, bytes memory refusal) private {
        DatasetConfig memory bad = DatasetConfig(METADATA_HASH, publisher, payouts);
        vm.startPrank(curator);
        vm.expectRevert(refusal);
        market.register("flights", RATE, DEPOSIT, bad, 0);
        vm.expectRevert(refusal);
        market.update(id, config(), RATE, bad, 0);
        vm.stopPrank();
    }

    function test_updateReplacesTheTermsAndPaysTheOldPayeesToTheSecond() public {
        subscribe(alice);
        skip(3 days + 17);
        uint256 earned = RATE * (3 days + 17);
        DatasetConfig memory next = configFor(bob);
        vm.expectEmit(address(market));
        emit IMarketplace.EarningsCollected(id, earned, earned / 20);
        vm.expectEmit(address(market));
        emit IMarketplace.DatasetUpdated(id, 2 * RATE, next.metadataHash, publisher, next.payouts, 0);
        vm.prank(curator);
        market.update(id, config(), 2 * RATE, next, 0);
        assertEq(credited(), earned);
        assertEq(market.balanceOf(bob), 0);
        skip(100);
        market.collect(id, next);
        assertEq(market.balanceOf(bob), RATE * 100 * 95 / 100);
        DatasetState memory state = market.datasetOf(id);
        assertEq(state.rate, 2 * RATE);
        assertEq(state.liveRate, RATE, "a running subscription keeps its rate");
        assertEq(state.configHash, configHash(next));
        assertEq(state.trialSeconds, 0);
    }

    function test_onlyTheCuratorUpdatesAndCloses() public {
        bytes memory refusal = abi.encodeWithSelector(IMarketplace.CallerIsNotCurator.selector, bob, curator);
        vm.startPrank(bob);
        vm.expectRevert(refusal);
        market.update(id, config(), RATE, configFor(bob), 0);
        vm.expectRevert(refusal);
        market.close(id);
    }

    function test_updateNeedsThePresentConfig() public {
        DatasetConfig memory wrong = configFor(bob);
        vm.prank(curator);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketplace.ConfigDoesNotMatch.selector, configHash(wrong), configHash(config()))
        );
        market.update(id, wrong, RATE, wrong, 0);
    }

    function test_closeStopsEarningAndAccessAtThisSecond() public {
        subscribe(alice);
        skip(5 days + 5);
        vm.expectEmit(address(market));
        emit IMarketplace.DatasetClosed(id, uint40(block.timestamp));
        vm.prank(curator);
        market.close(id);
        assertFalse(market.hasAccess(id, alice));
        skip(60 days);
        DatasetState memory state = market.datasetOf(id);
        assertEq(state.earned, RATE * (5 days + 5));
        assertEq(state.liveRate + state.subscribers, 0);
        assertEq(state.closedAt, START + 5 days + 5);
        assertEq(market.collect(id, config()), RATE * (5 days + 5));
        assertEq(market.collect(id, config()), 0);
    }

    function test_aClosedDatasetRefusesWhatNeedsAnOpenOne() public {
        vm.startPrank(curator);
        market.close(id);
        bytes memory refusal = abi.encodeWithSelector(IMarketplace.DatasetIsClosed.selector, id, START);
        vm.expectRevert(refusal);
        market.close(id);
        vm.expectRevert(refusal);
        market.update(id, config(), RATE, config(), 0);
        vm.expectRevert(refusal);
        market.addDeposit(id, 1);
        vm.expectRevert(refusal);
        market.subscribe(id, RATE, true);
        vm.expectRevert(refusal);
        market.startTrial(id);
        vm.expectRevert(refusal);
        market.setRenewalLimit(id, RATE);
        vm.expectRevert(refusal);
        market.renew(id, new address[](0));
    }

    function test_anUnknownDatasetIsRefusedEverywhere() public {
        DatasetId unknown = DatasetId.wrap(keccak256(abi.encode(bob, "coinbase_data")));
        bytes memory refusal = abi.encodeWithSelector(IMarketplace.DatasetNotRegistered.selector, unknown);
        vm.startPrank(bob);
        vm.expectRevert(refusal);
        market.update(unknown, config(), RATE, config(), 0);
        vm.expectRevert(refusal);
        market.close(unknown);
        vm.expectRevert(refusal);
        market.addDeposit(unknown, 1);
        vm.expectRevert(refusal);
        market.requestDepositWithdrawal(unknown, 1);
        vm.expectRevert(refusal);
        market.cancelDepositWithdrawal(unknown);
        vm.expectRevert(refusal);
        market.takeDepositWithdrawal(unknown);
        vm.expectRevert(refusal);
        market.subscribe(unknown, RATE, true);
        vm.expectRevert(refusal);
        market.unsubscribe(unknown);
        vm.expectRevert(refusal);
        market.claimRefunds(unknown, new address[](0));
        vm.expectRevert(refusal);
        market.startTrial(unknown);
        vm.expectRevert(refusal);
        market.renew(unknown, new address[](0));
        refusal = abi.encodeWithSelector(IMarketplace.ConfigDoesNotMatch.selector, configHash(config()), bytes32(0));
        vm.expectRevert(refusal);
        market.collect(unknown, config());
        vm.expectRevert(refusal);
        market.collectAndWithdraw(unknown, config());
        assertEq(market.rankOf(unknown), 0);
        assertEq(market.datasetOf(unknown).curator, address(0));
    }
}
