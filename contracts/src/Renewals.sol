// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Calendar} from "./libraries/Calendar.sol";
import {Ledger, Totals} from "./libraries/Ledger.sol";
import {Subscriptions} from "./Subscriptions.sol";
import {Dataset} from "./types/Dataset.sol";
import {DatasetId} from "./types/DatasetId.sol";
import {RenewalSkipReason} from "./types/RenewalSkipReason.sol";
import {Subscription} from "./types/Subscription.sol";

/// @title The part of the marketplace that renews subscriptions for those who allowed it
abstract contract Renewals is Subscriptions {
    using Ledger for Dataset;
    using Ledger for Totals;
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @dev What one call of `renew` knows about its dataset.
    struct Offer {
        DatasetId id;
        uint256 rate;
        bool covered;
    }

    /// @inheritdoc IMarketplace
    function renew(DatasetId id, address[] calldata accounts) external nonReentrant returns (uint256 renewed) {
        Dataset storage dataset = _open(id);
        Totals memory totals = dataset.load(_endings[id]);
        Offer memory offer = Offer({
            id: id, rate: dataset.rate, covered: dataset.deposit >= totals.liveRate.toUint256() * COVERED_SECONDS
        });
        uint256 balanceBefore = _TOKEN.balanceOf(address(this));
        uint256 tips;
        for (uint256 i; i < accounts.length; ++i) {
            (bool done, uint256 tip) = _renewOne(totals, offer, accounts[i]);
            if (!done) continue;
            ++renewed;
            tips += tip;
        }
        dataset.save(totals);
        _requireReceived(balanceBefore, renewed * offer.rate * Calendar.PERIOD + tips);
        if (tips == 0) return renewed;
        _balances[msg.sender] += tips;
        emit TipsEarned(id, msg.sender, tips);
    }

    function _renewOne(Totals memory totals, Offer memory offer, address account)
        private
        returns (bool done, uint256 tip)
    {
        Subscription memory subscription = _subscriptions[offer.id][account];
        (bool refused, RenewalSkipReason reason) = _refusal(offer, subscription);
        if (!refused) {
            tip = _tip(offer, subscription, account);
            if (_tryPull(account, offer.rate * Calendar.PERIOD + tip)) {
                _extend(totals, offer, account, subscription, tip);
                return (true, tip);
            }
            reason = RenewalSkipReason.PaymentFailed;
        }
        emit RenewalSkipped(offer.id, account, reason);
    }

    function _extend(
        Totals memory totals,
        Offer memory offer,
        address account,
        Subscription memory subscription,
        uint256 tip
    ) private {
        totals.extend(_endings[offer.id], offer.rate, subscription.end);
        subscription.previousRate = subscription.rate;
        subscription.rate = offer.rate.toUint56();
        subscription.end = (subscription.end + Calendar.PERIOD).toUint40();
        _subscriptions[offer.id][account] = subscription;
        emit Renewed(offer.id, account, subscription.end, offer.rate, tip);
    }

    /// @dev A payment that fails is the subscriber's affair, not the renewer's: it is reported, not thrown.
    function _tryPull(address from, uint256 amount) private returns (bool) {
        try _TOKEN.transferFrom(from, address(this), amount) returns (bool paid) {
            return paid;
        } catch {
            return false;
        }
    }

    /// @dev The curator's node renews first. Only when it did not, others are paid to, out of the room below the limit.
    function _tip(Offer memory offer, Subscription memory subscription, address account)
        private
        view
        returns (uint256)
    {
        if (block.timestamp + _TIP_WINDOW_SECONDS < subscription.end) return 0;
        if (msg.sender == account || msg.sender == _datasets[offer.id].curator) return 0;
        uint256 room = (subscription.maxRate - offer.rate) * Calendar.PERIOD;
        return Math.min(offer.rate * _TIP_SECONDS, room);
    }

    function _refusal(Offer memory offer, Subscription memory subscription)
        private
        view
        returns (bool refused, RenewalSkipReason reason)
    {
        if (subscription.end <= block.timestamp) return (true, RenewalSkipReason.NotRunning);
        if (subscription.end > block.timestamp + 1 days) return (true, RenewalSkipReason.NotDue);
        if (subscription.maxRate == 0) return (true, RenewalSkipReason.NotAllowed);
        if (subscription.maxRate < offer.rate) return (true, RenewalSkipReason.PriceAboveLimit);
        if (!offer.covered) return (true, RenewalSkipReason.DepositTooLow);
    }
}
