// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Ledger, Totals} from "./libraries/Ledger.sol";
import {Listing} from "./libraries/Listing.sol";
import {MarketplaceBase} from "./MarketplaceBase.sol";
import {DatasetConfig, Payout} from "./types/DatasetConfig.sol";
import {Dataset} from "./types/Dataset.sol";
import {DatasetId} from "./types/DatasetId.sol";

/// @title The part of the marketplace that pays out what datasets earn
abstract contract Earnings is MarketplaceBase {
    using Ledger for Dataset;
    using Ledger for Totals;

    /// @inheritdoc IMarketplace
    function collect(DatasetId id, DatasetConfig calldata config) external nonReentrant returns (uint256 amount) {
        (amount,) = _collect(id, config, address(0));
    }

    /// @inheritdoc IMarketplace
    function withdraw() external nonReentrant returns (uint256 amount) {
        amount = _withdrawWith(0);
    }

    /// @inheritdoc IMarketplace
    function collectAndWithdraw(DatasetId id, DatasetConfig calldata config)
        external
        nonReentrant
        returns (uint256 amount)
    {
        (, uint256 kept) = _collect(id, config, msg.sender);
        amount = _withdrawWith(kept);
    }

    /// @dev Credits the dataset's earnings until now. What falls to `keeper` is returned instead of credited. A dataset
    /// that was never registered has no config that matches.
    function _collect(DatasetId id, DatasetConfig calldata config, address keeper)
        internal
        returns (uint256 amount, uint256 kept)
    {
        Dataset storage dataset = _datasets[id];
        bytes32 givenHash = Listing.hash(config);
        bytes32 storedHash = dataset.configHash;
        require(givenHash == storedHash, ConfigDoesNotMatch(givenHash, storedHash));
        Totals memory totals = dataset.load(_endings[id]);
        amount = totals.takeEarned();
        dataset.save(totals);
        if (amount == 0) return (0, 0);
        uint256 fee = (amount * _FEE_BPS) / Listing.WHOLE_BPS;
        emit EarningsCollected(id, amount, fee);
        kept = _credit(_POOL, fee, keeper) + _split(config.payouts, amount - fee, keeper);
    }

    function _split(Payout[] calldata payouts, uint256 amount, address keeper) private returns (uint256 kept) {
        uint256 left = amount;
        // Amounts are below 2^128, and the shares sum to the whole.
        unchecked {
            for (uint256 i = 1; i < payouts.length; ++i) {
                Payout calldata payout = payouts[i];
                uint256 share = (amount * payout.shareBps) / Listing.WHOLE_BPS;
                left -= share;
                kept += _credit(payout.payee, share, keeper);
            }
            return kept + _credit(payouts[0].payee, left, keeper);
        }
    }

    function _credit(address account, uint256 amount, address keeper) private returns (uint256 kept) {
        if (account == keeper) return amount;
        _balances[account] += amount;
    }

    function _withdrawWith(uint256 kept) private returns (uint256 amount) {
        uint256 credited = _balances[msg.sender];
        amount = credited + kept;
        require(amount != 0, NothingToWithdraw(msg.sender));
        if (credited != 0) _balances[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        _pay(msg.sender, amount);
    }
}
