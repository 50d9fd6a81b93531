// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "../src/interfaces/IMarketplace.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

contract DepositsTest is MarketplaceTest {
    uint256 private constant WINDOW = 7 days;

    function _request(uint256 amount) private {
        vm.prank(curator);
        market.requestDepositWithdrawal(id, amount);
    }

    function _take() private {
        vm.prank(curator);
        market.takeDepositWithdrawal(id);
    }

    function test_anyoneAddsToADeposit() public {
        vm.expectEmit(address(market));
        emit IMarketplace.DepositAdded(id, bob, 5 ether, DEPOSIT + 5 ether);
        vm.prank(bob);
        market.addDeposit(id, 5 ether);
        assertEq(market.datasetOf(id).deposit, DEPOSIT + 5 ether);
        assertEq(token.balanceOf(address(market)), DEPOSIT + 5 ether);
    }

    function test_zeroAmountsAreRefused() public {
        vm.startPrank(curator);
        vm.expectRevert(IMarketplace.AmountIsZero.selector);
        market.addDeposit(id, 0);
        vm.expectRevert(IMarketplace.AmountIsZero.selector);
        market.requestDepositWithdrawal(id, 0);
    }

    function test_aWithdrawalStopsCountingAtOnceAndMaturesAfterTheWindow() public {
        uint40 maturesAt = uint40(START + WINDOW);
        vm.expectEmit(address(market));
        emit IMarketplace.DepositWithdrawalRequested(id, 400 ether, DEPOSIT - 400 ether, maturesAt, maturesAt + 2 days);
        _request(400 ether);
        assertEq(market.datasetOf(id).deposit, DEPOSIT - 400 ether);
        assertEq(market.depositWithdrawalOf(id).amount, 400 ether);
        vm.warp(maturesAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.WithdrawalNotMature.selector, maturesAt));
        _take();
        vm.warp(maturesAt);
        vm.expectEmit(address(market));
        emit IMarketplace.DepositWithdrawalTaken(id, 400 ether);
        _take();
        assertEq(token.balanceOf(curator), RICHES - DEPOSIT + 400 ether);
        assertEq(market.depositWithdrawalOf(id).amount, 0);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.WithdrawalNotRequested.selector, id));
        _take();
    }

    function test_aWithdrawalLapsesTwoDaysAfterItMatured() public {
        _request(400 ether);
        uint256 lapsesAt = START + WINDOW + 2 days;
        vm.warp(lapsesAt);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.WithdrawalLapsed.selector, lapsesAt));
        _take();
        vm.warp(lapsesAt - 1);
        _take();
    }

    function test_aLapsedWithdrawalCountsAgainWhenTheNextIsRequested() public {
        _request(400 ether);
        vm.warp(START + WINDOW + 2 days);
        vm.expectEmit(address(market));
        emit IMarketplace.DepositWithdrawalCancelled(id, 400 ether, DEPOSIT);
        _request(DEPOSIT);
        assertEq(market.datasetOf(id).deposit, 0);
        assertEq(market.depositWithdrawalOf(id).amount, DEPOSIT);
        assertEq(market.depositWithdrawalOf(id).maturesAt, block.timestamp + WINDOW);
    }

    function test_onlyOneWithdrawalIsUnderWay() public {
        _request(1 ether);
        uint256 maturesAt = START + WINDOW;
        vm.warp(maturesAt + 2 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IMarketplace.WithdrawalAlreadyRequested.selector, maturesAt, maturesAt + 2 days)
        );
        _request(1 ether);
    }

    function test_aWithdrawalIsAtMostTheCountedDeposit() public {
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.AmountAboveDeposit.selector, DEPOSIT + 1, DEPOSIT));
        _request(DEPOSIT + 1);
        _request(DEPOSIT);
    }

    function test_aCancelledWithdrawalCountsAgain() public {
        vm.prank(curator);
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.WithdrawalNotRequested.selector, id));
        market.cancelDepositWithdrawal(id);
        _request(400 ether);
        vm.expectEmit(address(market));
        emit IMarketplace.DepositWithdrawalCancelled(id, 400 ether, DEPOSIT);
        vm.prank(curator);
        market.cancelDepositWithdrawal(id);
        assertEq(market.datasetOf(id).deposit, DEPOSIT);
        assertEq(market.depositWithdrawalOf(id).amount, 0);
        assertEq(market.depositWithdrawalOf(id).maturesAt, 0);
    }

    function test_onlyTheCuratorWithdraws() public {
        _request(1 ether);
        bytes memory refusal = abi.encodeWithSelector(IMarketplace.CallerIsNotCurator.selector, bob, curator);
        vm.startPrank(bob);
        vm.expectRevert(refusal);
        market.requestDepositWithdrawal(id, 1 ether);
        vm.expectRevert(refusal);
        market.cancelDepositWithdrawal(id);
        vm.expectRevert(refusal);
        market.takeDepositWithdrawal(id);
    }

    function test_aClosedDatasetGivesItsDepositBackAfterTheWindow() public {
        vm.prank(curator);
        market.close(id);
        _request(DEPOSIT);
        skip(WINDOW);
        _take();
        assertEq(token.balanceOf(curator), RICHES);
        assertEq(token.balanceOf(address(market)), 0);
    }

    function test_subscribingNeedsSixDaysOfTheLiveRate() public {
        _request(DEPOSIT - RATE * 12 days);
        subscribe(alice);
        subscribe(bob);
        uint256 required = 3 * RATE * 6 days;
        vm.expectRevert(abi.encodeWithSelector(IMarketplace.DepositTooLow.selector, RATE * 12 days, required));
        subscribe(keeper);
        market.addDeposit(id, RATE * 6 days);
        subscribe(keeper);
    }
}
