// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One payee of a dataset and the part of its earnings that it receives.
/// @param payee The account that is credited.
/// @param shareBps Its share after the fee, in basis points; the shares of a dataset sum to 10,000.
struct Payout {
    address payee;
    uint16 shareBps;
}

/// @notice The part of a dataset that the chain stores only as a hash.
/// @dev Stored as `keccak256(abi.encode(metadataHash, publisher, payouts))`; the preimage travels in calldata and
/// events.
/// @param metadataHash `keccak256` of the dataset's manifest.
/// @param publisher The key that signs the dataset's snapshot heads.
/// @param payouts One to eight payees; the first one receives what rounding leaves over.
struct DatasetConfig {
    bytes32 metadataHash;
    address publisher;
    Payout[] payouts;
}
