// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {MarketplaceBase} from "./MarketplaceBase.sol";
import {Dataset, DepositWithdrawal} from "./types/Dataset.sol";
import {DatasetId} from "./types/DatasetId.sol";

/// @title The part of the marketplace that keeps the curators' deposits
abstract contract Deposits is MarketplaceBase {
    using SafeCast for uint256;

    /// @dev After maturing a withdrawal must be taken within this time, or a curator could hold one ready for ever.
    uint256 private constant TAKING_SECONDS = 2 days;

    /// @inheritdoc IMarketplace
    function addDeposit(DatasetId id, uint256 amount) external nonReentrant {
        Dataset storage dataset = _open(id);
        require(amount != 0, AmountIsZero());
        uint256 deposit = dataset.deposit + amount;
        dataset.deposit = deposit.toUint96();
        emit DepositAdded(id, msg.sender, amount, deposit);
        _pull(msg.sender, amount);
    }

    /// @inheritdoc IMarketplace
    function requestDepositWithdrawal(DatasetId id, uint256 amount) external nonReentrant {
        Dataset storage dataset = _registered(id);
        _requireCurator(dataset);
        require(amount != 0, AmountIsZero());
        DepositWithdrawal memory present = _withdrawals[id];
        if (present.amount != 0) {
            uint40 presentLapsesAt = _lapsesAt(present);
            require(block.timestamp >= presentLapsesAt, WithdrawalAlreadyRequested(present.maturesAt, presentLapsesAt));
            _putBack(id, dataset, present.amount);
        }
        require(amount <= dataset.deposit, AmountAboveDeposit(amount, dataset.deposit));
        uint256 deposit = dataset.deposit - amount;
        dataset.deposit = deposit.toUint96();
        DepositWithdrawal memory withdrawal = DepositWithdrawal({
            amount: amount.toUint96(), maturesAt: (block.timestamp + _DISPUTE_WINDOW_SECONDS).toUint40()
        });
        _withdrawals[id] = withdrawal;
        emit DepositWithdrawalRequested(id, amount, deposit, withdrawal.maturesAt, _lapsesAt(withdrawal));
    }

    /// @inheritdoc IMarketplace
    function cancelDepositWithdrawal(DatasetId id) external nonReentrant {
        (Dataset storage dataset, DepositWithdrawal memory withdrawal) = _requestedBySender(id);
        delete _withdrawals[id];
        _putBack(id, dataset, withdrawal.amount);
    }

    /// @inheritdoc IMarketplace
    function takeDepositWithdrawal(DatasetId id) external nonReentrant {
        (, DepositWithdrawal memory withdrawal) = _requestedBySender(id);
        uint40 lapsesAt = _lapsesAt(withdrawal);
        require(block.timestamp >= withdrawal.maturesAt, WithdrawalNotMature(withdrawal.maturesAt));
        require(block.timestamp < lapsesAt, WithdrawalLapsed(lapsesAt));
        delete _withdrawals[id];
        emit DepositWithdrawalTaken(id, withdrawal.amount);
        _pay(msg.sender, withdrawal.amount);
    }

    /// @inheritdoc IMarketplace
    function depositWithdrawalOf(DatasetId id) external view returns (DepositWithdrawal memory) {
        return _withdrawals[id];
    }

    function _requestedBySender(DatasetId id)
        private
        view
        returns (Dataset storage dataset, DepositWithdrawal memory withdrawal)
    {
        dataset = _registered(id);
        _requireCurator(dataset);
        withdrawal = _withdrawals[id];
        require(withdrawal.amount != 0, WithdrawalNotRequested(id));
    }

    function _putBack(DatasetId id, Dataset storage dataset, uint256 amount) private {
        uint256 deposit = dataset.deposit + amount;
        dataset.deposit = deposit.toUint96();
        emit DepositWithdrawalCancelled(id, amount, deposit);
    }

    function _lapsesAt(DepositWithdrawal memory withdrawal) private pure returns (uint40) {
        return (withdrawal.maturesAt + TAKING_SECONDS).toUint40();
    }
}
