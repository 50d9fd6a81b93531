// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {EngToken} from "../src/EngToken.sol";
import {IMarketplace} from "../src/interfaces/IMarketplace.sol";
import {Marketplace} from "../src/Marketplace.sol";
import {RenewalSkipReason} from "../src/types/RenewalSkipReason.sol";
import {FeeToken, ReentrantToken, RefusingToken} from "./support/HostileTokens.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

contract HostileTokensTest is MarketplaceTest {
    /// @dev The same market and dataset on another token.
    function _use(ERC20 other) private {
        token = EngToken(address(other));
        market = new Marketplace(defaultSettings());
        enrich(curator);
        enrich(alice);
        id = register("coinbase_data", RATE);
    }

    function test_aTokenThatKeepsAFeeIsRefusedByEveryPull() public {
        FeeToken fee = new FeeToken(address(this), 1e12 ether);
        _use(fee);
        subscribe(alice);
        fee.setCharging(true);
        bytes memory refusal = abi.encodeWithSelector(IMarketplace.TransferAmountDiffers.selector, 100 ether, 99 ether);
        vm.startPrank(curator);
        vm.expectRevert(refusal);
        market.addDeposit(id, 100 ether);
        vm.expectRevert(refusal);
        market.register("flights", RATE, 100 ether, config(), 0);
        vm.expectPartialRevert(IMarketplace.TransferAmountDiffers.selector);
        market.subscribe(id, RATE, false);
        vm.stopPrank();
        vm.warp(FIRST_END - 1);
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        vm.expectPartialRevert(IMarketplace.TransferAmountDiffers.selector);
        market.renew(id, accounts);
    }

    function test_aTokenThatAnswersFalseSellsNothing() public {
        RefusingToken refusing = new RefusingToken(address(this), 1e12 ether);
        _use(refusing);
        subscribe(alice);
        refusing.setRefusing(true);
        bytes memory refusal = abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(refusing));
        vm.startPrank(curator);
        vm.expectRevert(refusal);
        market.addDeposit(id, 1 ether);
        vm.expectRevert(refusal);
        market.subscribe(id, RATE, false);
        vm.stopPrank();
        vm.warp(FIRST_END - 1);
        vm.expectEmit(address(market));
        emit IMarketplace.RenewalSkipped(id, alice, RenewalSkipReason.PaymentFailed);
        assertFalse(renew(keeper, alice));
    }

    function test_aTokenThatCallsBackFindsEveryDoorShut() public {
        ReentrantToken reentrant = new ReentrantToken(address(this), 1e12 ether);
        _use(reentrant);
        subscribe(alice);
        skip(1 days);
        bytes[] memory doors = _doors();
        for (uint256 i; i < doors.length; ++i) {
            reentrant.aim(address(market), doors[i]);
            vm.prank(curator);
            market.addDeposit(id, 1);
            assertEq(reentrant.calls(), 1);
            assertFalse(reentrant.lastSucceeded());
            assertEq(
                reentrant.lastResult(),
                abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
            );
        }
        uint256 balanceBefore = token.balanceOf(alice);
        unsubscribe(alice);
        assertEq(token.balanceOf(alice) - balanceBefore, RATE * (FIRST_END - START - 1 days));
        assertFalse(reentrant.lastSucceeded());
    }

    /// @dev A call of every function that changes something.
    function _doors() private view returns (bytes[] memory doors) {
        doors = new bytes[](16);
        address[] memory nobody = new address[](0);
        doors[0] = abi.encodeCall(market.register, ("flights", RATE, 0, config(), 0));
        doors[1] = abi.encodeCall(market.update, (id, config(), RATE, config(), 0));
        doors[2] = abi.encodeCall(market.close, (id));
        doors[3] = abi.encodeCall(market.addDeposit, (id, 1));
        doors[4] = abi.encodeCall(market.requestDepositWithdrawal, (id, 1));
        doors[5] = abi.encodeCall(market.cancelDepositWithdrawal, (id));
        doors[6] = abi.encodeCall(market.takeDepositWithdrawal, (id));
        doors[7] = abi.encodeCall(market.subscribe, (id, RATE, true));
        doors[8] = abi.encodeCall(market.subscribeWithPermit, (id, RATE, true, 0, 0, 0, 0, 0));
        doors[9] = abi.encodeCall(market.unsubscribe, (id));
        doors[10] = abi.encodeCall(market.setRenewalLimit, (id, 0));
        doors[11] = abi.encodeCall(market.claimRefunds, (id, nobody));
        doors[12] = abi.encodeCall(market.startTrial, (id));
        doors[13] = abi.encodeCall(market.collect, (id, config()));
        doors[14] = abi.encodeCall(market.withdraw, ());
        doors[15] = abi.encodeCall(market.collectAndWithdraw, (id, config()));
    }

    function test_aTokenThatCallsBackDuringARenewalRenewsOnce() public {
        ReentrantToken reentrant = new ReentrantToken(address(this), 1e12 ether);
        _use(reentrant);
        subscribe(alice);
        vm.warp(FIRST_END - 1);
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        reentrant.aim(address(market), abi.encodeCall(market.renew, (id, accounts)));
        uint256 balanceBefore = token.balanceOf(alice);
        assertTrue(renew(keeper, alice));
        assertFalse(reentrant.lastSucceeded());
        assertEq(balanceBefore - token.balanceOf(alice), RATE * PERIOD);
    }
}
