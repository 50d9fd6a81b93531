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

    /// @notice The hash that a dataset stores of its config.
    function hash(DatasetConfig calldata config) internal pure returns (bytes32) {
        return keccak256(abi.encode(config.metadataHash, config.publisher, config.payouts));
    }

    /// @notice Reverts unless the name has 3 to 31 characters of `a-z 0-9 _`, the first one a letter.
    function requireName(string calldata name) internal pure {
        bytes calldata characters = bytes(name);
        bool allowed = characters.length >= MIN_NAME_LENGTH && characters.length <= MAX_NAME_LENGTH;
        for (uint256 i; allowed && i < characters.length; ++i) {
            bytes1 c = characters[i];
            allowed = (c >= "a" && c <= "z") || (i > 0 && ((c >= "0" && c <= "9") || c == "_"));
        }
        require(allowed, IMarketplace.NameNotAllowed(name));
    }

    /// @notice Reverts unless there are one to eight payees whose shares sum to 10,000 basis points.
    function requirePayouts(Payout[] calldata payouts) internal pure {
        uint256 count = payouts.length;
        require(count >= 1 && count <= MAX_PAYEES, IMarketplace.PayeeCountOutOfRange(count, MAX_PAYEES));
        uint256 sumBps;
        for (uint256 i; i < count; ++i) {
            Payout calldata payout = payouts[i];
            require(
                payout.payee != address(0) && payout.shareBps != 0,
                IMarketplace.PayeeNotAllowed(payout.payee, payout.shareBps)
            );
            sumBps += payout.shareBps;
        }
        require(sumBps == WHOLE_BPS, IMarketplace.SharesNotWhole(sumBps));
    }
}
