// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Calendar} from "./libraries/Calendar.sol";
import {Ledger, Totals} from "./libraries/Ledger.sol";
import {MarketplaceBase} from "./MarketplaceBase.sol";
import {Dataset, Ending} from "./types/Dataset.sol";
import {DatasetId} from "./types/DatasetId.sol";
import {Subscription} from "./types/Subscription.sol";

/// @title The part of the marketplace where accounts subscribe, try and leave
abstract contract Subscriptions is MarketplaceBase {
    using Ledger for Dataset;
    using Ledger for Subscription;
    using Ledger for Totals;
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @dev Nothing is sold that the deposit does not cover for this many seconds of the live rate.
    uint256 internal constant COVERED_SECONDS = 6 days;

    /// @inheritdoc IMarketplace
    function subscribe(DatasetId id, uint256 maxRate, bool autoRenew) external nonReentrant {
        _subscribe(id, maxRate, autoRenew);
    }

    /// @inheritdoc IMarketplace
    function subscribeWithPermit(
        DatasetId id,
        uint256 maxRate,
        bool autoRenew,
        uint256 allowance,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // Anyone may spend a permit before us; then the allowance is there, and if it is not, the payment reverts.
        try IERC20Permit(address(_TOKEN)).permit(msg.sender, address(this), allowance, deadline, v, r, s) {} catch {}
        _subscribe(id, maxRate, autoRenew);
    }

    /// @inheritdoc IMarketplace
    function setRenewalLimit(DatasetId id, uint256 maxRate) external nonReentrant {
        _open(id);
        Subscription storage subscription = _subscriptions[id][msg.sender];
        require(subscription.end > block.timestamp, NotSubscribed(id, msg.sender));
        subscription.maxRate = _cappedRate(maxRate);
        emit RenewalLimitChanged(id, msg.sender, subscription.maxRate);
    }

    /// @inheritdoc IMarketplace
    function unsubscribe(DatasetId id) external nonReentrant {
        Dataset storage dataset = _registered(id);
        if (dataset.closedAt != 0) {
            require(_claimRefund(id, msg.sender, dataset.closedAt), NotSubscribed(id, msg.sender));
            return;
        }
        Subscription memory subscription = _subscriptions[id][msg.sender];
        require(subscription.end > block.timestamp, NotSubscribed(id, msg.sender));
        uint256 refund = subscription.unused(block.timestamp);
        delete _subscriptions[id][msg.sender];
        mapping(uint256 => Ending) storage endings = _endings[id];
        Totals memory totals = dataset.load(endings);
        totals.stop(endings, subscription);
        dataset.save(totals);
        emit Unsubscribed(id, msg.sender, refund);
        _pay(msg.sender, refund);
    }

    /// @inheritdoc IMarketplace
    function claimRefunds(DatasetId id, address[] calldata accounts) external nonReentrant {
        uint256 closedAt = _registered(id).closedAt;
        require(closedAt != 0, DatasetIsOpen(id));
        for (uint256 i; i < accounts.length; ++i) {
            _claimRefund(id, accounts[i], closedAt);
        }
    }

    /// @inheritdoc IMarketplace
    function startTrial(DatasetId id) external nonReentrant {
        Dataset storage dataset = _open(id);
        require(dataset.trialSeconds != 0, TrialNotOffered(id));
        uint40 usedUntil = _trialEnds[id][msg.sender];
        require(usedUntil == 0, TrialAlreadyUsed(id, msg.sender, usedUntil));
        uint40 end = (block.timestamp + dataset.trialSeconds).toUint40();
        _trialEnds[id][msg.sender] = end;
        emit TrialStarted(id, msg.sender, end);
    }

    function _subscribe(DatasetId id, uint256 maxRate, bool autoRenew) private {
        Subscription storage subscription = _subscriptions[id][msg.sender];
        uint40 presentEnd = subscription.end;
        require(presentEnd <= block.timestamp, AlreadySubscribed(id, msg.sender, presentEnd));
        uint40 start = block.timestamp.toUint40();
        uint40 end = Calendar.firstEnd(start).toUint40();
        uint56 rate = _enter(id, maxRate, end);
        uint56 limit = autoRenew ? _cappedRate(maxRate) : 0;
        (subscription.start, subscription.end) = (start, end);
        (subscription.rate, subscription.maxRate, subscription.previousRate) = (rate, limit, 0);
        emit Subscribed(id, msg.sender, start, end, rate, limit);
        _pull(msg.sender, uint256(rate) * (end - start));
    }

    /// @dev Enters a subscription into the dataset's ledger and returns its rate.
    function _enter(DatasetId id, uint256 maxRate, uint256 end) private returns (uint56 rate) {
        Dataset storage dataset = _open(id);
        rate = dataset.rate;
        require(rate <= maxRate, PriceAboveLimit(rate, maxRate));
        mapping(uint256 => Ending) storage endings = _endings[id];
        Totals memory totals = dataset.load(endings);
        totals.start(endings, rate, end);
        uint256 required = totals.liveRate.toUint256() * COVERED_SECONDS;
        uint256 deposit = dataset.deposit;
        require(deposit >= required, DepositTooLow(deposit, required));
        dataset.save(totals);
    }

    /// @dev Pays what an account did not use of a closed dataset; false when there is nothing.
    function _claimRefund(DatasetId id, address account, uint256 closedAt) private returns (bool) {
        uint256 refund = _subscriptions[id][account].unused(closedAt);
        if (refund == 0) return false;
        delete _subscriptions[id][account];
        emit RefundClaimed(id, account, refund);
        _pay(account, refund);
        return true;
    }

    /// @dev No dataset can cost more than the largest rate, so a higher limit means the same.
    function _cappedRate(uint256 maxRate) private pure returns (uint56) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return maxRate > type(uint56).max ? type(uint56).max : uint56(maxRate);
    }
}
