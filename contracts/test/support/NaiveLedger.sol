// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Churn} from "../../src/libraries/Churn.sol";

/// @notice What the marketplace computes in constant time, said plainly: a list of paid intervals, summed anew for
/// every question.
contract NaiveLedger {
    struct Interval {
        uint256 dataset;
        address account;
        uint256 start;
        uint256 end;
        uint256 rate;
        bool expires;
    }

    struct Leaver {
        uint256 dataset;
        uint256 day;
        uint256 weight;
    }

    Interval[] private _intervals;
    Leaver[] private _leavers;

    mapping(uint256 dataset => uint256) public closedAt;
    mapping(uint256 dataset => mapping(address account => uint256)) public claims;

    function buy(uint256 dataset, address account, uint256 start, uint256 end, uint256 rate) external {
        for (uint256 i; i < _intervals.length; ++i) {
            Interval storage present = _intervals[i];
            if (present.dataset == dataset && present.account == account && present.end == start) {
                if (start > block.timestamp) present.expires = false;
            }
        }
        _intervals.push(Interval(dataset, account, start, end, rate, true));
    }

    /// @return refund What the account gets back when it leaves now.
    function quit(uint256 dataset, address account, uint256 subscribedAt) external returns (uint256 refund) {
        refund = unusedOf(dataset, account);
        for (uint256 i; i < _intervals.length; ++i) {
            if (_intervals[i].dataset == dataset && _intervals[i].account == account) _cut(_intervals[i]);
        }
        uint256 paid = block.timestamp - subscribedAt;
        uint256 weight = paid < 30 days ? paid * Churn.ONE / 30 days : Churn.ONE;
        _leavers.push(Leaver(dataset, block.timestamp / 1 days, weight));
    }

    function close(uint256 dataset) external {
        closedAt[dataset] = block.timestamp;
        for (uint256 i; i < _intervals.length; ++i) {
            Interval storage interval = _intervals[i];
            if (interval.dataset != dataset) continue;
            claims[dataset][interval.account] += _unused(interval);
            _cut(interval);
        }
    }

    function payClaim(uint256 dataset, address account) external returns (uint256 claim) {
        claim = claims[dataset][account];
        claims[dataset][account] = 0;
    }

    function earned(uint256 dataset) external view returns (uint256 sum) {
        for (uint256 i; i < _intervals.length; ++i) {
            Interval storage interval = _intervals[i];
            if (interval.dataset != dataset || interval.start >= block.timestamp) continue;
            uint256 until = interval.end < block.timestamp ? interval.end : block.timestamp;
            sum += interval.rate * (until - interval.start);
        }
    }

    function unused(uint256 dataset) external view returns (uint256 sum) {
        for (uint256 i; i < _intervals.length; ++i) {
            if (_intervals[i].dataset == dataset) sum += _unused(_intervals[i]);
        }
    }

    function unusedOf(uint256 dataset, address account) public view returns (uint256 sum) {
        for (uint256 i; i < _intervals.length; ++i) {
            if (_intervals[i].dataset == dataset && _intervals[i].account == account) sum += _unused(_intervals[i]);
        }
    }

    /// @return end The end of the account's running subscription, zero when none runs.
    function endOf(uint256 dataset, address account) public view returns (uint256 end) {
        for (uint256 i; i < _intervals.length; ++i) {
            Interval storage interval = _intervals[i];
            if (interval.dataset != dataset || interval.account != account) continue;
            if (interval.end > block.timestamp && interval.end > end) end = interval.end;
        }
    }

    function live(uint256 dataset) external view returns (uint256 rate, uint256 count) {
        for (uint256 i; i < _intervals.length; ++i) {
            Interval storage interval = _intervals[i];
            if (interval.dataset != dataset) continue;
            if (interval.start > block.timestamp || interval.end <= block.timestamp) continue;
            rate += interval.rate;
            ++count;
        }
    }

    function churn(uint256 dataset) external view returns (uint256 sum) {
        uint256 today = block.timestamp / 1 days;
        for (uint256 i; i < _leavers.length; ++i) {
            if (_leavers[i].dataset == dataset) sum += Churn.decay(_leavers[i].weight, today - _leavers[i].day);
        }
        for (uint256 i; i < _intervals.length; ++i) {
            Interval storage interval = _intervals[i];
            if (interval.dataset != dataset || !interval.expires || interval.end > block.timestamp) continue;
            sum += Churn.decay(Churn.ONE, today - interval.end / 1 days);
        }
    }

    /// @return time The `index`-th end of an interval, so that tests visit the seconds around it.
    function boundary(uint256 index) external view returns (uint256 time) {
        return _intervals.length == 0 ? block.timestamp : _intervals[index % _intervals.length].end;
    }

    function _unused(Interval storage interval) private view returns (uint256) {
        uint256 from = interval.start > block.timestamp ? interval.start : block.timestamp;
        return interval.end > from ? interval.rate * (interval.end - from) : 0;
    }

    function _cut(Interval storage interval) private {
        if (interval.end <= block.timestamp) return;
        interval.expires = false;
        interval.end = block.timestamp;
        if (interval.start > block.timestamp) interval.start = block.timestamp;
    }
}
