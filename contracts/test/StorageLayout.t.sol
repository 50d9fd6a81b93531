// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {stdJson} from "forge-std/StdJson.sol";

import {DatasetId} from "../src/types/DatasetId.sol";
import {Dataset} from "../src/types/Dataset.sol";
import {Subscription} from "../src/types/Subscription.sol";
import {MarketplaceTest} from "./support/MarketplaceTest.sol";

/// @notice Light clients prove storage slots, so the published ones are checked against the compiler and the state.
contract StorageLayoutTest is MarketplaceTest {
    using stdJson for string;

    function test_theCompilerPutsTheMappingsWhereTheInterfaceSays() public view {
        string memory artifact = vm.readFile("out/Marketplace.sol/Marketplace.json");
        string[6] memory labels = ["_subscriptions", "_trialEnds", "_datasets", "_endings", "_withdrawals", "_balances"];
        for (uint256 i; i < labels.length; ++i) {
            string memory entry = string.concat(".storageLayout.storage[", vm.toString(i), "]");
            assertEq(artifact.readString(string.concat(entry, ".label")), labels[i]);
            assertEq(artifact.readString(string.concat(entry, ".slot")), vm.toString(i));
            assertEq(artifact.readUint(string.concat(entry, ".offset")), 0);
        }
        assertFalse(artifact.keyExists(".storageLayout.storage[6]"));
        assertEq(_bytesOf(artifact, "t_struct(Subscription)"), 32);
        assertEq(_bytesOf(artifact, "t_struct(Dataset)"), 128);
        assertEq(_bytesOf(artifact, "t_struct(Ending)"), 32);
    }

    /// @dev The size of the one type whose name starts with `prefix`.
    function _bytesOf(string memory artifact, string memory prefix) private view returns (uint256) {
        string[] memory types = vm.parseJsonKeys(artifact, ".storageLayout.types");
        for (uint256 i; i < types.length; ++i) {
            if (vm.indexOf(types[i], prefix) != 0) continue;
            return artifact.readUint(string.concat(".storageLayout.types['", types[i], "'].numberOfBytes"));
        }
        revert(string.concat("no type ", prefix));
    }

    function test_aSubscriptionIsOneSlotOfTheFirstMapping() public {
        subscribe(alice, 7 * RATE, true);
        setRate(2 * RATE);
        vm.warp(FIRST_END - 1);
        renew(curator, alice);
        Subscription memory s = market.subscriptionOf(id, alice);
        uint256 expected = uint256(s.start) | uint256(s.end) << 40 | uint256(s.rate) << 80 | uint256(s.maxRate) << 136
            | uint256(s.previousRate) << 192;
        assertEq(_load(keccak256(abi.encode(alice, keccak256(abi.encode(id, 0))))), expected);
        assertEq(s.previousRate, RATE);
        assertEq(s.rate, 2 * RATE);
    }

    function test_aTrialIsOneSlotOfTheSecondMapping() public {
        vm.prank(alice);
        market.startTrial(id);
        assertEq(_load(keccak256(abi.encode(alice, keccak256(abi.encode(id, 1))))), START + TRIAL_SECONDS);
    }

    function test_aDatasetIsFourSlotsOfTheThirdMapping() public {
        subscribe(alice);
        skip(1 days);
        unsubscribe(alice);
        vm.prank(curator);
        market.close(id);
        uint256 slot = uint256(keccak256(abi.encode(id, 2)));
        uint256 churn = market.datasetOf(id).churn;
        uint256 today = block.timestamp / 1 days;
        assertGt(churn, 0);
        assertEq(
            _load(bytes32(slot)), uint160(curator) | uint256(TRIAL_SECONDS) << 160 | (churn >> 8) << 184 | today << 232
        );
        assertEq(_load(bytes32(slot + 1)), (RATE * 1 days) << 88);
        assertEq(_load(bytes32(slot + 2)), uint256(configHash(config())));
        assertEq(_load(bytes32(slot + 3)), DEPOSIT | RATE << 96 | block.timestamp << 152 | today << 192);
    }

    function _load(bytes32 slot) private view returns (uint256) {
        return uint256(vm.load(address(market), slot));
    }
}
