// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {GrantRegistry} from "../src/GrantRegistry.sol";
import {GrantRegistryHandler} from "./support/GrantRegistryHandler.sol";

/// @notice The registry against the handler's counts after every step of random histories.
contract GrantRegistryInvariantTest is Test {
    GrantRegistryHandler private _handler;
    GrantRegistry private _registry;

    function setUp() public {
        _handler = new GrantRegistryHandler();
        _registry = _handler.registry();
        bytes4[] memory actions = new bytes4[](3);
        actions[0] = GrantRegistryHandler.bump.selector;
        actions[1] = GrantRegistryHandler.revoke.selector;
        actions[2] = GrantRegistryHandler.revokeMany.selector;
        targetSelector(FuzzSelector(address(_handler), actions));
        targetContract(address(_handler));
    }

    /// @dev The counts never fall and belong to one account each, so neither does an epoch, nor does anyone touch
    /// another's.
    function invariant_theRegistryIsTheNaiveModel() public view {
        for (uint256 account; account < _handler.ACCOUNTS(); ++account) {
            address owner = _handler.accountAt(account);
            assertEq(_registry.epochOf(owner), _handler.bumps(account), "epoch");
            for (uint256 id; id < _handler.IDS(); ++id) {
                assertEq(_registry.isRevoked(owner, _handler.idAt(id)), _handler.named(account, id), "revoked");
            }
        }
        assertEq(_registry.epochOf(address(_handler)), 0, "a stranger has bumped nothing");
    }
}
