// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "../interfaces/IMarketplace.sol";
import {DatasetConfig, Payout} from "../types/DatasetConfig.sol";

/// @title Listing: which names and payees a dataset may have, and how its config is hashed
library Listing {
    uint256 internal constant MAX_PAYEES = 8;
    uint256 internal constant WHOLE_BPS = 10_000;

    uint256 private constant MIN_NAME_LENGTH = 3;
    uint256 private constant MAX_NAME_LENGTH = 31;

    /// @dev Bit `c` is set when the character `c` may stand first: `a-z`.
    uint256 private constant FIRST_CHARACTERS = ((1 << 26) - 1) << 0x61;
    /// @dev Bit `c` is set when the character `c` may follow: `a-z 0-9 _`.
    uint256 private constant LATER_CHARACTERS = FIRST_CHARACTERS | (((1 << 10) - 1) << 0x30) | (1 << 0x5f);

    /// @notice The hash that a dataset stores of its config:
    /// `keccak256(abi.encode(config.metadataHash, config.publisher, config.payouts))`.
    /// @dev A payout is two words in calldata as in memory, so the list is copied in one piece. Words with dirty upper
    /// bits are refused where the list is read; here they only give a hash that nothing has.
    function hash(DatasetConfig calldata config) internal pure returns (bytes32 result) {
        (bytes32 metadataHash, address publisher) = (config.metadataHash, config.publisher);
        Payout[] calldata payouts = config.payouts;
        assembly ("memory-safe") {
            let encoded := mload(0x40)
            let size := shl(6, payouts.length)
            mstore(encoded, metadataHash)
            mstore(add(encoded, 0x20), publisher)
            mstore(add(encoded, 0x40), 0x60)
            mstore(add(encoded, 0x60), payouts.length)
            calldatacopy(add(encoded, 0x80), payouts.offset, size)
            result := keccak256(encoded, add(0x80, size))
        }
    }

    /// @notice Reverts unless the name has 3 to 31 characters of `a-z 0-9 _`, the first one a letter.
    function requireName(string calldata name) internal pure {
        uint256 length = bytes(name).length;
        require(length >= MIN_NAME_LENGTH && length <= MAX_NAME_LENGTH, IMarketplace.NameNotAllowed(name));
        // The length was checked, so nothing is cut off.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint256 characters = uint256(bytes32(bytes(name)));
        uint256 allowed = FIRST_CHARACTERS >> (characters >> 248);
        for (uint256 i = 1; i < length; ++i) {
            characters <<= 8;
            allowed &= LATER_CHARACTERS >> (characters >> 248);
        }
        require(allowed & 1 == 1, IMarketplace.NameNotAllowed(name));
    }

    /// @notice Reverts unless there are one to eight payees whose shares sum to 10,000 basis points.
    function requirePayouts(Payout[] calldata payouts) internal pure {
        uint256 count = payouts.length;
        require(count != 0 && count <= MAX_PAYEES, IMarketplace.PayeeCountOutOfRange(count, MAX_PAYEES));
        uint256 sumBps;
        for (uint256 i; i < count; ++i) {
            Payout calldata payout = payouts[i];
            (address payee, uint256 shareBps) = (payout.payee, payout.shareBps);
            require(payee != address(0) && shareBps != 0, IMarketplace.PayeeNotAllowed(payee, shareBps));
            unchecked {
                sumBps += shareBps;
            }
        }
        require(sumBps == WHOLE_BPS, IMarketplace.SharesNotWhole(sumBps));
    }
}
