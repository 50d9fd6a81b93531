// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Where an account ends what it granted
/// @notice An account signs grants off chain: for the session of a browser, for a page that embeds a query. Here it ends
/// one of them by its id, or all of them by its epoch, because a node takes only grants of the account's present epoch.
/// Both are for ever: an epoch never falls, and an id that was revoked stays revoked. Everyone writes under their own
/// address alone; there is no owner, no pause, no upgrade and no money.
///
/// Storage that light clients may prove: slot 0 is `mapping(address account => uint64 epoch)`, slot 1 is
/// `mapping(address account => mapping(bytes32 grantId => bool))`.
interface IGrantRegistry {
    /// @notice The account's epoch is now `epoch`: every grant of an earlier one has ended.
    event EpochBumped(address indexed account, uint64 epoch);

    /// @notice The account's grant of this id has ended.
    event GrantRevoked(address indexed account, bytes32 indexed grantId);

    /// @notice The account revoked this id before.
    error GrantAlreadyRevoked(address account, bytes32 grantId);
    /// @notice A batch has 1 to `limit` ids.
    error GrantCountOutOfRange(uint256 count, uint256 limit);

    /// @notice Ends every grant that the caller has signed until now.
    /// @return epoch The caller's new epoch, which its next grants have to name.
    function bumpEpoch() external returns (uint64 epoch);

    /// @notice Ends the caller's grant of an id, with all that was granted under it.
    /// @param grantId The `id` inside the grant; any value, also one that was never used.
    function revoke(bytes32 grantId) external;

    /// @notice Ends several of the caller's grants; ids that were revoked before are passed over.
    /// @param grantIds 1 to 100 ids.
    /// @return revoked How many of them were not revoked before.
    function revokeMany(bytes32[] calldata grantIds) external returns (uint256 revoked);

    /// @notice The account's epoch: how often it was bumped, zero at first.
    function epochOf(address account) external view returns (uint64);

    /// @notice Whether the account has revoked this id.
    function isRevoked(address account, bytes32 grantId) external view returns (bool);
}
