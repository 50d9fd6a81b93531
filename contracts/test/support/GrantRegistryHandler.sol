// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {GrantRegistry} from "../../src/GrantRegistry.sol";

/// @notice Lets random accounts bump and revoke, and keeps what must come of it as plain counts: how often each account
/// has bumped, and which ids each one ever named. A call that ends otherwise fails the campaign.
contract GrantRegistryHandler is Test {
    uint256 public constant ACCOUNTS = 3;
    /// @dev Few, so that histories name them again.
    uint256 public constant IDS = 8;

    GrantRegistry public immutable registry = new GrantRegistry();

    mapping(uint256 account => uint256) public bumps;
    mapping(uint256 account => mapping(uint256 id => bool)) public named;

    function accountAt(uint256 account) public pure returns (address) {
        return address(uint160(0xacc0 + account));
    }

    function idAt(uint256 id) public pure returns (bytes32) {
        return keccak256(abi.encode(id));
    }

    function bump(uint256 accountSeed) external {
        uint256 account = accountSeed % ACCOUNTS;
        vm.prank(accountAt(account));
        assertEq(registry.bumpEpoch(), ++bumps[account], "the epoch is the number of bumps");
    }

    function revoke(uint256 accountSeed, uint256 idSeed) external {
        (uint256 account, uint256 id) = (accountSeed % ACCOUNTS, idSeed % IDS);
        vm.prank(accountAt(account));
        (bool success,) = address(registry).call(abi.encodeCall(registry.revoke, (idAt(id))));
        assertEq(success, !named[account][id], "an id is revoked once");
        named[account][id] = true;
    }

    /// @param set Bit `i` names id `i`; the first one is named twice.
    function revokeMany(uint256 accountSeed, uint8 set) external {
        uint256 account = accountSeed % ACCOUNTS;
        bytes32[] memory ids = new bytes32[](IDS + 1);
        (uint256 count, uint256 expected) = (0, 0);
        for (uint256 id; id < IDS; ++id) {
            if (set >> id & 1 == 0) continue;
            if (!named[account][id]) ++expected;
            named[account][id] = true;
            ids[count++] = idAt(id);
        }
        if (count != 0) ids[count] = ids[0];
        uint256 length = count == 0 ? 0 : count + 1;
        assembly ("memory-safe") {
            mstore(ids, length)
        }
        vm.prank(accountAt(account));
        (bool success, bytes memory result) = address(registry).call(abi.encodeCall(registry.revokeMany, (ids)));
        assertEq(success, count != 0, "a batch names something");
        if (success) assertEq(abi.decode(result, (uint256)), expected, "the batch counts what it revoked");
    }
}
