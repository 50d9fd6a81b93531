// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Names one dataset for ever: `keccak256(abi.encode(curator, name))`.
type DatasetId is bytes32;

using {datasetIdEquals as ==} for DatasetId global;

/// @notice Whether two ids name the same dataset.
function datasetIdEquals(DatasetId a, DatasetId b) pure returns (bool) {
    return DatasetId.unwrap(a) == DatasetId.unwrap(b);
}

/// @notice The id of the dataset that `curator` lists, or may list, under `name`.
function toDatasetId(address curator, string calldata name) pure returns (DatasetId) {
    return DatasetId.wrap(keccak256(abi.encode(curator, name)));
}
