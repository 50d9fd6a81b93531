// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Dataset, Ending} from "../types/Dataset.sol";
import {Subscription} from "../types/Subscription.sol";
import {Calendar} from "./Calendar.sol";
import {Churn} from "./Churn.sol";

/// @notice A dataset's running totals after the endings until some day were taken out.
/// @param liveRate Sum of the rates of the running subscriptions.
/// @param base Constant part of the earnings line.
/// @param subscribers Number of running subscriptions.
/// @param churn Decayed number of leavers with 32 fractional bits.
/// @param endings Bitmap of the days after `day` at which subscriptions may end.
/// @param day The day.
struct Totals {
    int256 liveRate;
    int256 base;
    uint256 subscribers;
    uint256 churn;
    uint256 endings;
    uint256 day;
}

/// @title Ledger: what a dataset earns, exact at every second in constant time
/// @notice Between two changes the earnings are a line, `earned(t) = base + liveRate * t`. A subscription that starts
/// at `s` adds its rate and takes `rate * s` off the base; one that stops at `u` does the opposite. What stops at a
/// midnight is kept in that day's `Ending` and taken out when the dataset is touched next: at most 32 of them, because
/// nothing ends more than 31 days ahead.
library Ledger {
    using SafeCast for int256;
    using SafeCast for uint256;

    /// @notice The totals as of `time`, which no stored ending after `settledDay` may exceed by more than 32 days.
    function totalsAt(Dataset storage dataset, mapping(uint256 => Ending) storage endings, uint256 time)
        internal
        view
        returns (Totals memory totals)
    {
        uint256 settledDay = dataset.settledDay;
        uint256 today = Calendar.dayOf(time);
        uint256 elapsed = today - settledDay;
        totals = Totals({
            liveRate: uint256(dataset.liveRate).toInt256(),
            base: dataset.base,
            subscribers: dataset.subscribers,
            churn: Churn.decay(dataset.churn, elapsed),
            endings: dataset.endings >> elapsed,
            day: today
        });
        uint256 due = elapsed < 32 ? dataset.endings & ((1 << elapsed) - 1) : dataset.endings;
        for (uint256 day = settledDay + 1; due != 0; (due >>= 1, ++day)) {
            if (due & 1 == 1) _takeOut(totals, endings[day], day);
        }
    }

    /// @notice Brings the stored totals to the current day.
    function settle(Dataset storage dataset, mapping(uint256 => Ending) storage endings) internal {
        if (dataset.settledDay == Calendar.dayOf(block.timestamp)) return;
        Totals memory totals = totalsAt(dataset, endings, block.timestamp);
        dataset.liveRate = totals.liveRate.toUint256().toUint88();
        dataset.base = totals.base.toInt128();
        dataset.subscribers = totals.subscribers.toUint32();
        dataset.endings = totals.endings.toUint32();
        dataset.churn = Churn.add(totals.churn, 0);
        dataset.settledDay = totals.day.toUint24();
    }

    /// @notice What the totals' line has earned at `time`.
    function earnedAt(Totals memory totals, uint256 time) internal pure returns (uint256) {
        return (totals.base + totals.liveRate * time.toInt256()).toUint256();
    }

    /// @notice Takes all that a settled dataset has earned until now out of its line.
    function takeEarned(Dataset storage dataset) internal returns (uint256 amount) {
        int256 base = dataset.base;
        int256 earnedSinceEpoch = (dataset.liveRate * block.timestamp).toInt256();
        amount = (base + earnedSinceEpoch).toUint256();
        dataset.base = (-earnedSinceEpoch).toInt128();
    }

    /// @notice Enters a subscription of a settled dataset that starts now and stops at midnight `end`.
    function start(Dataset storage dataset, mapping(uint256 => Ending) storage endings, uint256 rate, uint256 end)
        internal
    {
        dataset.liveRate = (dataset.liveRate + rate).toUint88();
        dataset.base = (dataset.base - (rate * block.timestamp).toInt256()).toInt128();
        dataset.subscribers = (uint256(dataset.subscribers) + 1).toUint32();
        _addEnding(dataset, endings, rate, Calendar.dayOf(end));
    }

    /// @notice Lets a running subscription of a settled dataset go on at `rate` for one period after its end.
    function extend(Dataset storage dataset, mapping(uint256 => Ending) storage endings, uint256 rate, uint256 end)
        internal
    {
        uint256 day = Calendar.dayOf(end);
        _removeEnding(endings, rate, day);
        _addEnding(dataset, endings, rate, day + Calendar.PERIOD_DAYS);
    }

    /// @notice Stops a running subscription of a settled dataset now.
    function stop(Dataset storage dataset, mapping(uint256 => Ending) storage endings, Subscription memory subscription)
        internal
    {
        uint256 rate = rateAt(subscription, block.timestamp);
        if (rate != subscription.rate) {
            Ending storage change = endings[Calendar.dayOf(subscription.end - Calendar.PERIOD)];
            change.rate = (int256(change.rate) - rate.toInt256() + uint256(subscription.rate).toInt256()).toInt96();
        }
        _removeEnding(endings, subscription.rate, Calendar.dayOf(subscription.end));
        dataset.liveRate = (dataset.liveRate - rate).toUint88();
        dataset.base = (dataset.base + (rate * block.timestamp).toInt256()).toInt128();
        dataset.subscribers = (uint256(dataset.subscribers) - 1).toUint32();
        dataset.churn = Churn.add(dataset.churn, Churn.ofLeaver(block.timestamp - subscription.start));
    }

    /// @notice Stops all subscriptions of a settled dataset now and for ever.
    function stopAll(Dataset storage dataset) internal {
        dataset.base = (dataset.base + (dataset.liveRate * block.timestamp).toInt256()).toInt128();
        dataset.liveRate = 0;
        dataset.subscribers = 0;
        dataset.endings = 0;
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

    function _takeOut(Totals memory totals, Ending storage ending, uint256 day) private view {
        int256 rate = ending.rate;
        uint256 count = ending.count;
        totals.liveRate -= rate;
        totals.base += rate * (day * 1 days).toInt256();
        totals.subscribers -= count;
        totals.churn += Churn.decay(count * Churn.ONE, totals.day - day);
    }

    function _addEnding(Dataset storage dataset, mapping(uint256 => Ending) storage endings, uint256 rate, uint256 day)
        private
    {
        Ending storage ending = endings[day];
        ending.rate = (ending.rate + rate.toInt256()).toInt96();
        ending.count += 1;
        dataset.endings |= (1 << (day - dataset.settledDay - 1)).toUint32();
    }

    function _removeEnding(mapping(uint256 => Ending) storage endings, uint256 rate, uint256 day) private {
        Ending storage ending = endings[day];
        ending.rate = (ending.rate - rate.toInt256()).toInt96();
        ending.count -= 1;
    }
}
