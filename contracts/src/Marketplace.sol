// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Datasets} from "./Datasets.sol";
import {Deposits} from "./Deposits.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Calendar} from "./libraries/Calendar.sol";
import {Ledger, Totals} from "./libraries/Ledger.sol";
import {Rank} from "./libraries/Rank.sol";
import {MarketplaceBase} from "./MarketplaceBase.sol";
import {Renewals} from "./Renewals.sol";
import {Dataset, DatasetState, RankInputs} from "./types/Dataset.sol";
import {DatasetId} from "./types/DatasetId.sol";
import {Settings} from "./types/Settings.sol";
import {Subscription} from "./types/Subscription.sol";

/// @title The marketplace, as `IMarketplace` describes it
/// @notice Puts the parts together and adds the views.
contract Marketplace is Datasets, Deposits, Renewals {
    using Ledger for Dataset;
    using Ledger for Subscription;
    using Ledger for Totals;
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @param chosen What this deployment fixes for ever.
    constructor(Settings memory chosen) MarketplaceBase(chosen) {}

    /// @inheritdoc IMarketplace
    function hasAccess(DatasetId id, address account) external view returns (bool) {
        if (_datasets[id].closedAt != 0) return false;
        return _subscriptions[id][account].end > block.timestamp || _trialEnds[id][account] > block.timestamp;
    }

    /// @inheritdoc IMarketplace
    function subscriptionOf(DatasetId id, address account) external view returns (Subscription memory) {
        return _subscriptions[id][account];
    }

    /// @inheritdoc IMarketplace
    function trialEndOf(DatasetId id, address account) external view returns (uint40) {
        return _trialEnds[id][account];
    }

    /// @inheritdoc IMarketplace
    function refundOf(DatasetId id, address account) external view returns (uint256) {
        uint256 closedAt = _datasets[id].closedAt;
        return _subscriptions[id][account].unused(closedAt == 0 ? block.timestamp : closedAt);
    }

    /// @inheritdoc IMarketplace
    function datasetOf(DatasetId id) external view returns (DatasetState memory) {
        Dataset storage dataset = _datasets[id];
        Totals memory totals = dataset.load(_endings[id]);
        return DatasetState({
            curator: dataset.curator,
            rate: dataset.rate,
            trialSeconds: dataset.trialSeconds,
            configHash: dataset.configHash,
            deposit: dataset.deposit,
            closedAt: dataset.closedAt,
            liveRate: totals.liveRate.toUint256(),
            subscribers: totals.subscribers.toUint32(),
            churn: dataset.churnOf(totals).toUint64(),
            earned: totals.earned()
        });
    }

    /// @inheritdoc IMarketplace
    function balanceOf(address account) external view returns (uint256) {
        return _balances[account];
    }

    /// @inheritdoc IMarketplace
    function rankOf(DatasetId id) external view returns (uint256) {
        return Rank.compute(_rankInputs(id));
    }

    /// @inheritdoc IMarketplace
    function rankInputs(DatasetId id) external view returns (RankInputs memory) {
        return _rankInputs(id);
    }

    function _rankInputs(DatasetId id) private view returns (RankInputs memory) {
        Dataset storage dataset = _datasets[id];
        Totals memory totals = dataset.load(_endings[id]);
        return RankInputs({
            subscribers: totals.subscribers,
            monthlyRevenue: totals.liveRate.toUint256() * Calendar.PERIOD,
            referencePrice: _REFERENCE_PRICE,
            deposit: dataset.deposit,
            churn: dataset.churnOf(totals)
        });
    }
}
