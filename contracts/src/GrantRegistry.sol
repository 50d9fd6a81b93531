// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGrantRegistry} from "./interfaces/IGrantRegistry.sol";

/// @title The registry of ended grants, as `IGrantRegistry` describes it
/// @dev The order of the mappings is published in `IGrantRegistry`, because light clients prove their slots.
contract GrantRegistry is IGrantRegistry {
    uint256 private constant MAX_BATCH = 100;

    mapping(address account => uint64) private _epochs;
    mapping(address account => mapping(bytes32 grantId => bool)) private _revoked;

    /// @inheritdoc IGrantRegistry
    function bumpEpoch() external returns (uint64 epoch) {
        epoch = ++_epochs[msg.sender];
        emit EpochBumped(msg.sender, epoch);
    }

    /// @inheritdoc IGrantRegistry
    function revoke(bytes32 grantId) external {
        require(_revoke(grantId), GrantAlreadyRevoked(msg.sender, grantId));
    }

    /// @inheritdoc IGrantRegistry
    function revokeMany(bytes32[] calldata grantIds) external returns (uint256 revoked) {
        uint256 count = grantIds.length;
        require(count != 0 && count <= MAX_BATCH, GrantCountOutOfRange(count, MAX_BATCH));
        for (uint256 i; i < count; ++i) {
            if (_revoke(grantIds[i])) ++revoked;
        }
    }

    /// @inheritdoc IGrantRegistry
    function epochOf(address account) external view returns (uint64) {
        return _epochs[account];
    }

    /// @inheritdoc IGrantRegistry
    function isRevoked(address account, bytes32 grantId) external view returns (bool) {
        return _revoked[account][grantId];
    }

    /// @dev Whether the id was not revoked before.
    function _revoke(bytes32 grantId) private returns (bool) {
        mapping(bytes32 grantId => bool) storage revoked = _revoked[msg.sender];
        if (revoked[grantId]) return false;
        revoked[grantId] = true;
        emit GrantRevoked(msg.sender, grantId);
        return true;
    }
}
