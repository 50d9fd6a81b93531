// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Earnings} from "./Earnings.sol";
import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Calendar} from "./libraries/Calendar.sol";
import {Ledger} from "./libraries/Ledger.sol";
import {Listing} from "./libraries/Listing.sol";
import {DatasetConfig} from "./types/DatasetConfig.sol";
import {Dataset} from "./types/Dataset.sol";
import {DatasetId, toDatasetId} from "./types/DatasetId.sol";

/// @title The part of the marketplace where curators list, change and close datasets
abstract contract Datasets is Earnings {
    using Ledger for Dataset;
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
        require(dataset.curator == address(0), DatasetAlreadyRegistered(id));
        dataset.curator = msg.sender;
        dataset.deposit = deposit.toUint96();
        dataset.settledDay = Calendar.dayOf(block.timestamp).toUint24();
        _setTerms(dataset, rate, config, trialSeconds);
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
        _collect(id, dataset, oldConfig, address(0));
        _setTerms(dataset, rate, newConfig, trialSeconds);
        emit DatasetUpdated(id, rate, newConfig.metadataHash, newConfig.publisher, newConfig.payouts, trialSeconds);
    }

    /// @inheritdoc IMarketplace
    function close(DatasetId id) external nonReentrant {
        Dataset storage dataset = _settledOpen(id);
        _requireCurator(dataset);
        uint40 closedAt = block.timestamp.toUint40();
        dataset.stopAll();
        dataset.closedAt = closedAt;
        emit DatasetClosed(id, closedAt);
    }

    function _setTerms(Dataset storage dataset, uint256 rate, DatasetConfig calldata config, uint32 trialSeconds)
        private
    {
        require(rate >= _MIN_RATE && rate <= type(uint56).max, RateOutOfRange(rate, _MIN_RATE, type(uint56).max));
        require(trialSeconds <= Calendar.PERIOD, TrialTooLong(trialSeconds, Calendar.PERIOD));
        Listing.requirePayouts(config.payouts);
        dataset.rate = rate.toUint56();
        dataset.trialSeconds = trialSeconds;
        dataset.configHash = Listing.hash(config);
    }
}
