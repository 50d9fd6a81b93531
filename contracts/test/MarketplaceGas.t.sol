// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CommonBase} from "forge-std/Base.sol";
import {Vm} from "forge-std/Vm.sol";
import {console} from "forge-std/console.sol";

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {EngToken} from "../src/EngToken.sol";
import {Marketplace} from "../src/Marketplace.sol";
import {DatasetId} from "../src/types/DatasetId.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

/// @notice Lets many accounts subscribe within one transaction of the test.
contract Crowd is CommonBase {
    function subscribe(EngToken token, Marketplace market, DatasetId id, uint256 count) external {
        uint256 day = block.timestamp / 1 days;
        for (uint256 i; i < count; ++i) {
            vm.warp((day + i * 28 / count) * 1 days + 2 hours);
            address account = address(uint160(uint256(keccak256(abi.encode("crowd", i)))));
            require(token.transfer(account, 1 ether));
            vm.startPrank(account);
            token.approve(address(market), 1 ether);
            market.subscribe(id, 1000, false);
            vm.stopPrank();
        }
    }
}

/// @notice Gas of whole transactions, calldata and refunds included, against the goals of the design. Each call of a
/// test runs as its own transaction.
/// forge-config: default.isolate = true
contract MarketplaceGasTest is MarketplaceTest {
    function setUp() public override {
        super.setUp();
        vm.warp(MIDNIGHT + 1 hours);
    }

    function _account(uint256 i) private returns (address account) {
        account = address(uint160(uint256(keccak256(abi.encode("subscriber", i)))));
        if (token.balanceOf(account) == 0) enrich(account);
    }

    /// @dev Gas of the last call as its receipt would show it: refunds are at most a fifth.
    function _spent() private view returns (uint256) {
        Vm.Gas memory gas = vm.lastCallGas();
        uint256 refund = uint256(uint64(gas.gasRefunded));
        return gas.gasTotalUsed - Math.min(refund, gas.gasTotalUsed / 5);
    }

    function _goal(string memory operation, uint256 spent, uint256 goal) private pure {
        console.log("%s: %d of %d", operation, spent, goal);
        assertLe(spent, goal, operation);
    }

    function test_register() public {
        register("flights", RATE);
        _goal("register", _spent(), 125_000);
    }

    function test_subscribeAndUnsubscribe() public {
        (address first, address second, address third) = (_account(1), _account(2), _account(3));
        subscribe(first);
        _goal("subscribe, first of a dataset", _spent(), 122_000);
        subscribe(second);
        _goal("subscribe, same day", _spent(), 108_000);
        skip(2 days);
        subscribe(third);
        _goal("subscribe, another day", _spent(), 108_000);
        skip(2 days);
        unsubscribe(second);
        _goal("unsubscribe", _spent(), 66_000);
    }

    function test_renewOne() public {
        (address first, address second) = (_account(1), _account(2));
        subscribe(first);
        subscribe(second);
        vm.warp(FIRST_END - 12 hours);
        renew(keeper, first);
        _goal("renew one", _spent(), 95_000);
    }

    function test_renewNine() public {
        address[] memory accounts = new address[](9);
        for (uint256 i; i < 9; ++i) {
            accounts[i] = _account(i);
            subscribe(accounts[i]);
        }
        vm.warp(FIRST_END - 12 hours);
        vm.prank(keeper);
        uint256 renewed = market.renew(id, accounts);
        _goal("renew nine, each", _spent() / 9, 34_000);
        assertEq(renewed, 9);
    }

    function test_collectAndWithdraw() public {
        subscribe(_account(1));
        skip(1 days);
        vm.prank(payeeA);
        market.collectAndWithdraw(id, config());
        skip(1 days);
        vm.prank(payeeA);
        market.collectAndWithdraw(id, config());
        _goal("collectAndWithdraw, steady state", _spent(), 80_000);
    }

    function test_costsAreFlatFromOneToTenThousandSubscribers() public {
        uint256[4] memory few = _costsAmong("few_subscribers", 1);
        uint256[4] memory many = _costsAmong("many_subscribers", 10_000);
        for (uint256 i; i < 4; ++i) {
            console.log("among 1: %d, among 10,000: %d", few[i], many[i]);
            assertApproxEqAbs(many[i], few[i], 50);
        }
    }

    /// @dev What subscribing, renewing, leaving and collecting cost beside `count` subscribers spread over 28 days.
    function _costsAmong(string memory name, uint256 count) private returns (uint256[4] memory costs) {
        uint256 day = block.timestamp / 1 days;
        id = register(name, 1000);
        (address leaver, address stayer) = (_account(1), _account(2));
        subscribe(leaver);
        subscribe(stayer);
        Crowd crowd = new Crowd();
        require(token.transfer(address(crowd), count * 1 ether));
        crowd.subscribe(token, market, id, count);
        vm.warp((day + 29) * 1 days + 12 hours);
        subscribe(_account(3));
        costs[0] = _spent();
        renew(keeper, stayer);
        costs[1] = _spent();
        unsubscribe(leaver);
        costs[2] = _spent();
        vm.prank(payeeA);
        market.collectAndWithdraw(id, config());
        skip(1 hours);
        vm.prank(payeeA);
        market.collectAndWithdraw(id, config());
        costs[3] = _spent();
    }
}
