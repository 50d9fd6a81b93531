// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Earnings} from "./Earnings.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Calendar} from "./libraries/Calendar.sol";
import {Ledger, Totals} from "./libraries/Ledger.sol";
import {Listing} from "./libraries/Listing.sol";
import {DatasetConfig} from "./types/DatasetConfig.sol";
import {Dataset} from "./types/Dataset.sol";
import {DatasetId, toDatasetId} from "./types/DatasetId.sol";

/// @title The part of the marketplace where curators list, change and close datasets
abstract contract Datasets is Earnings {
    using Ledger for Dataset;
    using Ledger for Totals;
    using SafeCast for uint256;

    /// @inheritdoc IMarketplace
    function register(
        string calldata name,
        uint256 rate,
        uint256 deposit,
        DatasetConfig calldata config,
        uint32 trialSeconds
    ) external nonReentrant returns (DatasetId id) {
        Listing.requireName(name);
        id = toDatasetId(msg.sender, name);
        Dataset storage dataset = _datasets[id];
        require(dataset.rate == 0, DatasetAlreadyRegistered(id));
        _requireTerms(rate, config, trialSeconds);
        (uint96 counted, uint24 today) = (deposit.toUint96(), Calendar.dayOf(block.timestamp).toUint24());
        (dataset.curator, dataset.trialSeconds) = (msg.sender, uint256(trialSeconds).toUint24());
        (dataset.deposit, dataset.rate, dataset.settledDay) = (counted, rate.toUint56(), today);
        dataset.configHash = Listing.hash(config);
        emit DatasetRegistered(
            id, msg.sender, name, rate, deposit, config.metadataHash, config.publisher, config.payouts, trialSeconds
        );
        _pull(msg.sender, deposit);
    }

    /// @inheritdoc IMarketplace
    function update(
        DatasetId id,
        DatasetConfig calldata oldConfig,
        uint256 rate,
        DatasetConfig calldata newConfig,
        uint32 trialSeconds
    ) external nonReentrant {
        Dataset storage dataset = _open(id);
        _requireCurator(dataset);
        _collect(id, oldConfig, address(0));
        _requireTerms(rate, newConfig, trialSeconds);
        (dataset.rate, dataset.trialSeconds) = (rate.toUint56(), uint256(trialSeconds).toUint24());
        dataset.configHash = Listing.hash(newConfig);
        emit DatasetUpdated(id, rate, newConfig.metadataHash, newConfig.publisher, newConfig.payouts, trialSeconds);
    }

    /// @inheritdoc IMarketplace
    function close(DatasetId id) external nonReentrant {
        Dataset storage dataset = _open(id);
        _requireCurator(dataset);
        uint40 closedAt = block.timestamp.toUint40();
        Totals memory totals = dataset.load(_endings[id]);
        totals.stopAll();
        dataset.save(totals);
        dataset.closedAt = closedAt;
        emit DatasetClosed(id, closedAt);
    }

    function _requireTerms(uint256 rate, DatasetConfig calldata config, uint32 trialSeconds) private view {
        if (rate < _MIN_RATE || rate > type(uint56).max) revert RateOutOfRange(rate, _MIN_RATE, type(uint56).max);
        if (trialSeconds > Calendar.PERIOD) revert TrialTooLong(trialSeconds, Calendar.PERIOD);
        Listing.requirePayouts(config.payouts);
    }
}
