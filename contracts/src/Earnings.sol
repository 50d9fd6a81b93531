// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Ledger} from "./libraries/Ledger.sol";
import {Listing} from "./libraries/Listing.sol";
import {MarketplaceBase} from "./MarketplaceBase.sol";
import {DatasetConfig, Payout} from "./types/DatasetConfig.sol";
import {Dataset} from "./types/Dataset.sol";
import {DatasetId} from "./types/DatasetId.sol";

/// @title The part of the marketplace that pays out what datasets earn
abstract contract Earnings is MarketplaceBase {
    using Ledger for Dataset;

    /// @inheritdoc IMarketplace
    function collect(DatasetId id, DatasetConfig calldata config) external nonReentrant returns (uint256 amount) {
        Dataset storage dataset = _registered(id);
        (amount,) = _collect(id, dataset, config, address(0));
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
        Dataset storage dataset = _registered(id);
        (, uint256 kept) = _collect(id, dataset, config, msg.sender);
        amount = _withdrawWith(kept);
    }

    /// @dev Credits the dataset's earnings until now. What falls to `keeper` is returned instead of credited.
    function _collect(DatasetId id, Dataset storage dataset, DatasetConfig calldata config, address keeper)
        internal
        returns (uint256 amount, uint256 kept)
    {
        bytes32 givenHash = Listing.hash(config);
        require(givenHash == dataset.configHash, ConfigDoesNotMatch(givenHash, dataset.configHash));
        dataset.settle(_endings[id]);
        amount = dataset.takeEarned();
        if (amount == 0) return (0, 0);
        uint256 fee = (amount * _FEE_BPS) / Listing.WHOLE_BPS;
        emit EarningsCollected(id, amount, fee);
        kept = _credit(_POOL, fee, keeper) + _split(config.payouts, amount - fee, keeper);
    }

    function _split(Payout[] calldata payouts, uint256 amount, address keeper) private returns (uint256 kept) {
        uint256 left = amount;
        for (uint256 i = 1; i < payouts.length; ++i) {
            uint256 share = (amount * payouts[i].shareBps) / Listing.WHOLE_BPS;
            left -= share;
            kept += _credit(payouts[i].payee, share, keeper);
        }
        kept += _credit(payouts[0].payee, left, keeper);
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
