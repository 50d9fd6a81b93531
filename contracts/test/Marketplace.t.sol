// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "../src/interfaces/IMarketplace.sol";
import {Marketplace} from "../src/Marketplace.sol";
import {RankInputs} from "../src/types/Dataset.sol";
import {Settings} from "../src/types/Settings.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

contract MarketplaceViewsTest is MarketplaceTest {
    function test_settingsAreWhatTheConstructorWasGiven() public view {
        assertEq(abi.encode(market.settings()), abi.encode(defaultSettings()));
    }

    function test_badSettingsAreRefused() public {
        Settings memory bad = defaultSettings();
        bad.pool = address(0);
        _expectRefusedSettings(bad, "pool", 0);
        bad = defaultSettings();
        bad.minRate = 0;
        _expectRefusedSettings(bad, "minRate", 0);
        bad.minRate = uint256(type(uint56).max) + 1;
        _expectRefusedSettings(bad, "minRate", bad.minRate);
        bad = defaultSettings();
        bad.referencePrice = 0;
        _expectRefusedSettings(bad, "referencePrice", 0);
        bad = defaultSettings();
        bad.feeBps = 10_000;
        _expectRefusedSettings(bad, "feeBps", 10_000);
        bad = defaultSettings();
        bad.tipWindowSeconds = 1 days + 1;
        _expectRefusedSettings(bad, "tipWindowSeconds", 1 days + 1);
    }

    function _expectRefusedSettings(Settings memory bad, string memory name, uint256 value) private {
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.SettingNotAllowed.selector, name, value));
        new Marketplace(bad);
    }

    function test_aTokenWithOtherDecimalsIsRefused() public {
        vm.mockCall(address(token), abi.encodeWithSignature("decimals()"), abi.encode(6));
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.TokenDecimalsNotSupported.selector, 6));
        new Marketplace(defaultSettings());
    }

    function test_accessLastsUntilTheEndAndNotASecondLonger() public {
        assertFalse(market.hasAccess(id, alice));
        subscribe(alice);
        assertTrue(market.hasAccess(id, alice));
        vm.warp(FIRST_END - 1);
        assertTrue(market.hasAccess(id, alice));
        vm.warp(FIRST_END);
        assertFalse(market.hasAccess(id, alice));
        vm.warp(FIRST_END + 1);
        assertFalse(market.hasAccess(id, alice));
    }

    function test_leavingEndsAccessAtOnce() public {
        subscribe(alice);
        unsubscribe(alice);
        assertFalse(market.hasAccess(id, alice));
    }

    function test_viewsTakeEndingsOutWithoutATransaction() public {
        subscribe(alice);
        vm.warp(FIRST_END - 1);
        assertEq(market.datasetOf(id).subscribers, 1);
        assertEq(market.rankInputs(id).monthlyRevenue, RATE * PERIOD);
        vm.warp(FIRST_END);
        assertEq(market.datasetOf(id).subscribers, 0);
        assertEq(market.datasetOf(id).liveRate, 0);
        assertEq(market.rankInputs(id).monthlyRevenue, 0);
        assertEq(market.datasetOf(id).earned, RATE * (FIRST_END - START));
        assertEq(market.datasetOf(id).churn, 1 << 32);
        skip(30 days);
        assertApproxEqAbs(market.datasetOf(id).churn, uint256(1 << 32) * 8 / 10, 1);
        skip(30 days);
        assertApproxEqAbs(market.datasetOf(id).churn, uint256(1 << 32) * 64 / 100, 1);
    }

    function test_aLeaverAddsThePaidPartOfAPeriodToTheChurn() public {
        subscribe(alice);
        skip(15 days);
        unsubscribe(alice);
        assertEq(market.datasetOf(id).churn, 1 << 31);
    }

    function test_aRenewedSubscriberCountsAsOneLeaverAtMost() public {
        subscribe(alice);
        vm.warp(FIRST_END - 1);
        renew(curator, alice);
        skip(20 days);
        unsubscribe(alice);
        assertEq(market.datasetOf(id).churn, 1 << 32);
    }

    function test_rankIsTheProductOfItsFactors() public {
        assertEq(market.rankOf(id), 0, "no revenue");
        subscribe(alice);
        subscribe(bob);
        RankInputs memory inputs = market.rankInputs(id);
        assertEq(inputs.subscribers, 2);
        assertEq(inputs.monthlyRevenue, 2 * RATE * PERIOD);
        assertEq(inputs.referencePrice, 10 ether);
        assertEq(inputs.deposit, DEPOSIT);
        assertEq(inputs.churn, 0);
        // M/u = 2.0736 is above A = 2; (A+1)/(A+2) = 3/4; the deposit is above M.
        assertEq(market.rankOf(id), 1.5 ether);
        skip(15 days);
        unsubscribe(bob);
        // A = 1, U = 1/2: 2 / 3.5.
        assertEq(market.rankOf(id), uint256(2 ether) * 10 / 35);
        vm.prank(curator);
        market.requestDepositWithdrawal(id, DEPOSIT - RATE * PERIOD / 4);
        assertApproxEqAbs(market.rankOf(id), uint256(2 ether) * 10 / 35 / 4, 1);
        vm.prank(curator);
        market.close(id);
        assertEq(market.rankOf(id), 0);
    }

    function test_aCheapSubscriberCountsByWhatItPays() public {
        setRate(RATE / 100);
        subscribe(alice);
        assertEq(market.rankOf(id), (RATE * PERIOD / 100) * 1 ether / 10 ether * 2 / 3);
    }
}
