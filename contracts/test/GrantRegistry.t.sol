// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {GrantRegistry} from "../src/GrantRegistry.sol";
import {IGrantRegistry} from "../src/interfaces/IGrantRegistry.sol";

contract GrantRegistryTest is Test {
    uint256 private constant MAX_BATCH = 100;

    GrantRegistry private immutable registry = new GrantRegistry();
    address private immutable alice = makeAddr("alice");
    address private immutable bob = makeAddr("bob");

    function _ids(uint256 count) private pure returns (bytes32[] memory ids) {
        ids = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            ids[i] = keccak256(abi.encode(i));
        }
    }

    function test_anEpochBeginsAtZeroAndRisesByOne() public {
        assertEq(registry.epochOf(alice), 0);
        vm.startPrank(alice);
        for (uint64 epoch = 1; epoch <= 3; ++epoch) {
            vm.expectEmit(address(registry));
            emit IGrantRegistry.EpochBumped(alice, epoch);
            assertEq(registry.bumpEpoch(), epoch);
            assertEq(registry.epochOf(alice), epoch);
        }
        assertEq(registry.epochOf(bob), 0);
    }

    function test_anIdIsRevokedOnceAndForEver() public {
        bytes32 id = keccak256("session");
        vm.startPrank(alice);
        vm.expectEmit(address(registry));
        emit IGrantRegistry.GrantRevoked(alice, id);
        registry.revoke(id);
        assertTrue(registry.isRevoked(alice, id));
        vm.expectRevert(abi.encodeWithSelector(IGrantRegistry.GrantAlreadyRevoked.selector, alice, id));
        registry.revoke(id);
        registry.bumpEpoch();
        assertTrue(registry.isRevoked(alice, id));
    }

    function test_whatOneAccountRevokesIsAnothersStill() public {
        bytes32 id = keccak256("session");
        vm.prank(alice);
        registry.revoke(id);
        assertFalse(registry.isRevoked(bob, id));
        vm.prank(bob);
        registry.revoke(id);
        assertTrue(registry.isRevoked(bob, id));
    }

    function test_aBatchPassesOverWhatIsRevokedAndWhatItNamesTwice() public {
        bytes32[] memory ids = _ids(4);
        ids[3] = ids[1];
        vm.startPrank(alice);
        registry.revoke(ids[0]);
        vm.recordLogs();
        assertEq(registry.revokeMany(ids), 2);
        assertEq(vm.getRecordedLogs().length, 2);
        for (uint256 i; i < ids.length; ++i) {
            assertTrue(registry.isRevoked(alice, ids[i]));
        }
        assertEq(registry.revokeMany(ids), 0);
    }

    function test_aBatchHasOneToAHundredIds() public {
        assertEq(registry.revokeMany(_ids(1)), 1);
        assertEq(registry.revokeMany(_ids(MAX_BATCH)), MAX_BATCH - 1);
        vm.expectRevert(abi.encodeWithSelector(IGrantRegistry.GrantCountOutOfRange.selector, 0, MAX_BATCH));
        registry.revokeMany(_ids(0));
        vm.expectRevert(abi.encodeWithSelector(IGrantRegistry.GrantCountOutOfRange.selector, 101, MAX_BATCH));
        registry.revokeMany(_ids(MAX_BATCH + 1));
    }

    function testFuzz_nobodyTouchesAnothers(address account, address other, bytes32 id) public {
        vm.assume(account != other);
        vm.startPrank(account);
        registry.revoke(id);
        registry.bumpEpoch();
        vm.stopPrank();
        assertEq(registry.epochOf(account), 1);
        assertTrue(registry.isRevoked(account, id));
        assertEq(registry.epochOf(other), 0);
        assertFalse(registry.isRevoked(other, id));
    }

    function testFuzz_aBatchIsItsIdsOneByOne(bytes32[MAX_BATCH] calldata seeds, uint256 count) public {
        bytes32[] memory ids = new bytes32[](bound(count, 1, MAX_BATCH));
        // Few values, so that a batch names some of them again.
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = bytes32(uint256(seeds[i]) % 64);
        }
        vm.prank(alice);
        uint256 revoked = registry.revokeMany(ids);
        vm.startPrank(bob);
        for (uint256 i; i < ids.length; ++i) {
            assertTrue(registry.isRevoked(alice, ids[i]));
            if (registry.isRevoked(bob, ids[i])) continue;
            registry.revoke(ids[i]);
            --revoked;
        }
        assertEq(revoked, 0);
    }

    function test_lightClientsFindBothMappingsWhereTheInterfaceSays() public {
        bytes32 id = keccak256("session");
        vm.startPrank(alice);
        registry.bumpEpoch();
        registry.bumpEpoch();
        registry.revoke(id);
        assertEq(vm.load(address(registry), keccak256(abi.encode(alice, 0))), bytes32(uint256(2)));
        bytes32 slot = keccak256(abi.encode(id, keccak256(abi.encode(alice, 1))));
        assertEq(vm.load(address(registry), slot), bytes32(uint256(1)));
    }
}
