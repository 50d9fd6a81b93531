// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Dataset, Ending} from "../types/Dataset.sol";
import {Subscription} from "../types/Subscription.sol";
import {Calendar} from "./Calendar.sol";
import {Churn} from "./Churn.sol";

/// @notice A dataset's running totals, all endings until `day` taken out.
/// @param liveRate Sum of the rates of the running subscriptions.
/// @param base Constant part of the earnings line.
/// @param subscribers Number of running subscriptions.
/// @param leavers Churn, with 32 fractional bits, that was added since the totals were stored.
/// @param endings Bitmap of the days after `day` at which subscriptions may end.
/// @param day The current day.
struct Totals {
    int256 liveRate;
    int256 base;
    uint256 subscribers;
    uint256 leavers;
    uint256 endings;
    uint256 day;
}

/// @title Ledger: what a dataset earns, exact at every second in constant time
/// @notice Between two changes the earnings are a line, `earned(t) = base + liveRate * t`. A subscription that starts
/// at `s` adds its rate and takes `rate * s` off the base; one that stops at `u` does the opposite. What stops at a
/// midnight is kept in that day's `Ending` and taken out when the dataset is touched next: at most 32 of them, because
/// nothing ends more than 31 days ahead.
/// @dev Load the totals, change them in memory, save them: a dataset's two changing slots are written once. In memory
/// all values are sums and products of stored ones, far below 2^255, so they are not checked there; `save` and
/// `_changeEnding` check everything that they store.
library Ledger {
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @notice The totals as of this second.
    function load(Dataset storage dataset, mapping(uint256 => Ending) storage endings)
        internal
        view
        returns (Totals memory totals)
    {
        uint256 today = Calendar.dayOf(block.timestamp);
        uint256 settledDay = dataset.settledDay;
        uint256 elapsed = today - settledDay;
        uint256 due = dataset.endings;
        totals.liveRate = _signed(dataset.liveRate);
        totals.base = dataset.base;
        totals.subscribers = dataset.subscribers;
        totals.endings = due >> elapsed;
        totals.day = today;
        unchecked {
            if (elapsed < 32) due &= (1 << elapsed) - 1;
            for (uint256 day = settledDay + 1; due != 0; (due >>= 1, ++day)) {
                if (due & 1 == 1) _takeOut(totals, endings[day], day);
            }
        }
    }

    /// @notice Stores the totals.
    function save(Dataset storage dataset, Totals memory totals) internal {
        // Cast first, then assign side by side: the compiler joins what goes to one slot.
        (uint88 liveRate, int128 base) = (totals.liveRate.toUint256().toUint88(), totals.base.toInt128());
        (uint32 subscribers, uint24 day) = (totals.subscribers.toUint32(), totals.day.toUint24());
        uint32 endings = totals.endings.toUint32();
        (dataset.liveRate, dataset.base, dataset.subscribers) = (liveRate, base, subscribers);
        (dataset.settledDay, dataset.endings) = (day, endings);
        if (totals.leavers == 0) return;
        (dataset.churn, dataset.churnDay) = (Churn.pack(churnOf(dataset, totals)), day);
    }

    /// @notice The churn as of this second, with 32 fractional bits.
    function churnOf(Dataset storage dataset, Totals memory totals) internal view returns (uint256) {
        return Churn.decay(Churn.unpack(dataset.churn), totals.day - dataset.churnDay) + totals.leavers;
    }

    /// @notice What has been earned until this second and not been taken.
    function earned(Totals memory totals) internal view returns (uint256) {
        return (totals.base + totals.liveRate * _signed(block.timestamp)).toUint256();
    }

    /// @notice Takes all that has been earned until this second.
    function takeEarned(Totals memory totals) internal view returns (uint256 amount) {
        amount = earned(totals);
        totals.base = -totals.liveRate * _signed(block.timestamp);
    }

    /// @notice Enters a subscription that starts now and stops at midnight `end`.
    function start(Totals memory totals, mapping(uint256 => Ending) storage endings, uint256 rate, uint256 end)
        internal
    {
        _changeRate(totals, _signed(rate));
        totals.subscribers += 1;
        _addEnding(totals, endings, rate, Calendar.dayOf(end));
    }

    /// @notice Lets a running subscription go on at `rate` for one period after its end.
    function extend(Totals memory totals, mapping(uint256 => Ending) storage endings, uint256 rate, uint256 end)
        internal
    {
        uint256 day = Calendar.dayOf(end);
        _changeEnding(endings[day], -_signed(rate), -1);
        _addEnding(totals, endings, rate, day + Calendar.PERIOD_DAYS);
    }

    /// @notice Stops a running subscription now.
    function stop(Totals memory totals, mapping(uint256 => Ending) storage endings, Subscription memory subscription)
        internal
    {
        int256 rate = _signed(rateAt(subscription, block.timestamp));
        int256 lastRate = _signed(subscription.rate);
        if (rate != lastRate) {
            _changeEnding(endings[Calendar.dayOf(subscription.end - Calendar.PERIOD)], lastRate - rate, 0);
        }
        _changeEnding(endings[Calendar.dayOf(subscription.end)], -lastRate, -1);
        _changeRate(totals, -rate);
        totals.subscribers -= 1;
        totals.leavers += Churn.ofLeaver(block.timestamp - subscription.start);
    }

    /// @notice Stops all subscriptions now and for ever.
    function stopAll(Totals memory totals) internal view {
        _changeRate(totals, -totals.liveRate);
        totals.subscribers = 0;
        totals.endings = 0;
    }

    /// @notice The rate at which a running subscription runs at `time`.
    function rateAt(Subscription memory subscription, uint256 time) internal pure returns (uint256) {
        return time + Calendar.PERIOD < subscription.end ? subscription.previousRate : subscription.rate;
    }

    /// @notice What a subscriber paid for the seconds from `time` on.
    function unused(Subscription memory subscription, uint256 time) internal pure returns (uint256) {
        uint256 end = subscription.end;
        if (end <= time) return 0;
        if (end - time <= Calendar.PERIOD) return subscription.rate * (end - time);
        return subscription.previousRate * (end - Calendar.PERIOD - time) + subscription.rate * Calendar.PERIOD;
    }

    /// @dev Bends the earnings line at this second.
    function _changeRate(Totals memory totals, int256 change) private view {
        unchecked {
            totals.liveRate += change;
            totals.base -= change * _signed(block.timestamp);
        }
    }

    function _takeOut(Totals memory totals, Ending storage ending, uint256 day) private view {
        (int256 rate, uint256 count) = (ending.rate, ending.count);
        unchecked {
            totals.liveRate -= rate;
            totals.base += rate * _signed(day * 1 days);
            totals.subscribers -= count;
            totals.leavers += Churn.decay(count * Churn.ONE, totals.day - day);
        }
    }

    function _addEnding(Totals memory totals, mapping(uint256 => Ending) storage endings, uint256 rate, uint256 day)
        private
    {
        unchecked {
            totals.endings |= 1 << (day - totals.day - 1);
        }
        _changeEnding(endings[day], _signed(rate), 1);
    }

    function _changeEnding(Ending storage ending, int256 rateChange, int256 countChange) private {
        unchecked {
            int96 rate = (ending.rate + rateChange).toInt96();
            uint32 count = (_signed(ending.count) + countChange).toUint256().toUint32();
            (ending.rate, ending.count) = (rate, count);
        }
    }

    /// @dev Times, rates and counts are far below 2^255.
    function _signed(uint256 value) private pure returns (int256) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return int256(value);
    }
}
