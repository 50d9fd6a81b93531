// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DatasetConfig} from "../../src/types/DatasetConfig.sol";
import {DatasetId} from "../../src/types/DatasetId.sol";
import {MarketplaceTest} from "./MarketplaceTest.sol";
import {NaiveLedger} from "./NaiveLedger.sol";

/// @notice Does random things to two datasets and says before each one what must come of it: whether it succeeds, and
/// who has how much ENG afterwards. A call that ends otherwise fails the campaign.
contract MarketplaceHandler is MarketplaceTest {
    uint256 public constant DATASETS = 2;
    uint256 public constant ACCOUNTS = 5;

    NaiveLedger public immutable ledger = new NaiveLedger();

    DatasetId[DATASETS] public ids;
    address[ACCOUNTS] public accounts;
    mapping(uint256 dataset => uint256) public rates;
    mapping(uint256 dataset => uint256) public deposits;
    mapping(uint256 dataset => uint256) public pending;
    mapping(uint256 dataset => uint256) public collected;
    mapping(uint256 dataset => mapping(address account => uint256)) public subscribedAt;
    mapping(uint256 dataset => mapping(address account => uint256)) public limits;
    mapping(uint256 dataset => mapping(address account => uint256)) public trialEnds;
    mapping(address account => uint256) public wealth;
    mapping(string action => uint256) public successes;
    uint256 public tips;
    uint256 public withdrawn;

    mapping(uint256 dataset => uint256) private _maturesAt;
    mapping(uint256 dataset => bool) private _alone;

    constructor() {
        setUp();
        ids = [id, register("other_data", 3 * RATE)];
        accounts = [alice, bob, makeAddr("carol"), makeAddr("dave"), makeAddr("erin")];
        for (uint256 i; i < DATASETS; ++i) {
            (rates[i], deposits[i]) = ((2 * i + 1) * RATE, DEPOSIT);
        }
        for (uint256 i; i < ACCOUNTS; ++i) {
            if (i > 1) enrich(accounts[i]);
            wealth[accounts[i]] = RICHES;
        }
        wealth[curator] = token.balanceOf(curator);
    }

    function _call(string memory action, address caller, bytes memory data, bool expected) private returns (bool) {
        vm.prank(caller);
        (bool success, bytes memory result) = address(market).call(data);
        assertEq(success, expected, string.concat(action, ": ", vm.toString(result)));
        if (success) ++successes[action];
        return success;
    }

    function _pick(uint256 datasetSeed, uint256 accountSeed) private view returns (uint256, address) {
        return (datasetSeed % DATASETS, accounts[accountSeed % ACCOUNTS]);
    }

    function _config(uint256 dataset) private view returns (DatasetConfig memory) {
        return _alone[dataset] ? configFor(payeeA) : config();
    }

    function _open(uint256 dataset) private view returns (bool) {
        return ledger.closedAt(dataset) == 0;
    }

    function wait(uint256 seconds_) external {
        skip(bound(seconds_, 1, 6 days));
    }

    /// @dev Goes to the second before, at or after some end.
    function visitBoundary(uint256 index, uint256 offset) external {
        uint256 time = ledger.boundary(index) + offset % 3 - 1;
        if (time > block.timestamp) vm.warp(time);
    }

    function subscribe(uint256 datasetSeed, uint256 accountSeed, uint256 maxRate, bool autoRenew) external {
        (uint256 dataset, address account) = _pick(datasetSeed, accountSeed);
        uint256 rate = rates[dataset];
        maxRate = bound(maxRate, rate - rate / 10, 3 * rate);
        (uint256 liveRate,) = ledger.live(dataset);
        uint256 end = (block.timestamp + 30 days) / 1 days * 1 days;
        bool expected = _open(dataset) && ledger.endOf(dataset, account) == 0 && rate <= maxRate
            && deposits[dataset] >= (liveRate + rate) * 6 days;
        bytes memory data = abi.encodeCall(market.subscribe, (ids[dataset], maxRate, autoRenew));
        if (!_call("subscribe", account, data, expected)) return;
        ledger.buy(dataset, account, block.timestamp, end, rate);
        wealth[account] -= rate * (end - block.timestamp);
        subscribedAt[dataset][account] = block.timestamp;
        limits[dataset][account] = autoRenew ? maxRate : 0;
    }

    function unsubscribe(uint256 datasetSeed, uint256 accountSeed) external {
        (uint256 dataset, address account) = _pick(datasetSeed, accountSeed);
        bool expected = _open(dataset) ? ledger.endOf(dataset, account) != 0 : ledger.claims(dataset, account) != 0;
        if (!_call("unsubscribe", account, abi.encodeCall(market.unsubscribe, (ids[dataset])), expected)) return;
        wealth[
            account
        ] += _open(dataset)
            ? ledger.quit(dataset, account, subscribedAt[dataset][account])
            : ledger.payClaim(dataset, account);
    }

    function limitRenewals(uint256 datasetSeed, uint256 accountSeed, uint256 maxRate) external {
        (uint256 dataset, address account) = _pick(datasetSeed, accountSeed);
        maxRate = bound(maxRate, 0, 2 * rates[dataset]);
        bool expected = _open(dataset) && ledger.endOf(dataset, account) != 0;
        bytes memory data = abi.encodeCall(market.setRenewalLimit, (ids[dataset], maxRate));
        if (_call("setRenewalLimit", account, data, expected)) limits[dataset][account] = maxRate;
    }

    /// @dev Asks for everyone at once, one of them twice.
    function renew(uint256 datasetSeed, uint256 renewerSeed) external {
        uint256 dataset = datasetSeed % DATASETS;
        address renewer = [keeper, curator, alice][renewerSeed % 3];
        address[] memory all = new address[](ACCOUNTS + 1);
        (uint256 liveRate,) = ledger.live(dataset);
        bool covered = deposits[dataset] >= liveRate * 6 days;
        for (uint256 i; i < all.length; ++i) {
            all[i] = accounts[i % ACCOUNTS];
            if (i < ACCOUNTS && _open(dataset) && covered) _expectRenewal(dataset, all[i], renewer);
        }
        _call("renew", renewer, abi.encodeCall(market.renew, (ids[dataset], all)), _open(dataset));
    }

    function _expectRenewal(uint256 dataset, address account, address renewer) private {
        uint256 end = ledger.endOf(dataset, account);
        (uint256 rate, uint256 limit) = (rates[dataset], limits[dataset][account]);
        if (end == 0 || end > block.timestamp + 1 days || limit < rate) return;
        uint256 tip;
        if (end <= block.timestamp + 6 hours && renewer != curator && renewer != account) {
            tip = rate * 1 hours;
            if (rate * PERIOD + tip > limit * PERIOD) tip = (limit - rate) * PERIOD;
        }
        ledger.buy(dataset, account, end, end + PERIOD, rate);
        wealth[account] -= rate * PERIOD + tip;
        tips += tip;
        ++successes["renewal"];
    }

    function startTrial(uint256 datasetSeed, uint256 accountSeed) external {
        (uint256 dataset, address account) = _pick(datasetSeed, accountSeed);
        bool expected = _open(dataset) && trialEnds[dataset][account] == 0;
        if (_call("startTrial", account, abi.encodeCall(market.startTrial, (ids[dataset])), expected)) {
            trialEnds[dataset][account] = block.timestamp + TRIAL_SECONDS;
        }
    }

    function update(uint256 datasetSeed, uint256 rate, bool alone) external {
        uint256 dataset = datasetSeed % DATASETS;
        rate = bound(rate, 1000, 5 * RATE);
        DatasetConfig memory next = alone ? configFor(payeeA) : config();
        uint256 due = market.datasetOf(ids[dataset]).earned;
        bytes memory data = abi.encodeCall(market.update, (ids[dataset], _config(dataset), rate, next, TRIAL_SECONDS));
        if (!_call("update", curator, data, _open(dataset))) return;
        (rates[dataset], _alone[dataset]) = (rate, alone);
        collected[dataset] += due;
    }

    function close(uint256 datasetSeed, uint256 chance) external {
        uint256 dataset = datasetSeed % DATASETS;
        if (chance % 16 != 0) return;
        if (_call("close", curator, abi.encodeCall(market.close, (ids[dataset])), _open(dataset))) {
            ledger.close(dataset);
        }
    }

    function claimRefunds(uint256 datasetSeed) external {
        uint256 dataset = datasetSeed % DATASETS;
        address[] memory all = new address[](ACCOUNTS);
        for (uint256 i; i < ACCOUNTS; ++i) {
            all[i] = accounts[i];
        }
        bytes memory data = abi.encodeCall(market.claimRefunds, (ids[dataset], all));
        if (!_call("claimRefunds", keeper, data, !_open(dataset))) return;
        for (uint256 i; i < ACCOUNTS; ++i) {
            wealth[all[i]] += ledger.payClaim(dataset, all[i]);
        }
    }

    function collect(uint256 datasetSeed) external {
        uint256 dataset = datasetSeed % DATASETS;
        uint256 due = market.datasetOf(ids[dataset]).earned;
        _call("collect", keeper, abi.encodeCall(market.collect, (ids[dataset], _config(dataset))), true);
        collected[dataset] += due;
    }

    function withdraw(uint256 payeeSeed) external {
        address payee = payees()[payeeSeed % 5];
        uint256 balance = market.balanceOf(payee);
        if (_call("withdraw", payee, abi.encodeCall(market.withdraw, ()), balance != 0)) withdrawn += balance;
    }

    function collectAndWithdraw(uint256 datasetSeed, uint256 payeeSeed) external {
        uint256 dataset = datasetSeed % DATASETS;
        address payee = payees()[payeeSeed % 5];
        uint256 due = market.datasetOf(ids[dataset]).earned;
        uint256 before = token.balanceOf(payee);
        bool expected = market.balanceOf(payee) != 0 || (due != 0 && _isPaidBy(dataset, payee));
        bytes memory data = abi.encodeCall(market.collectAndWithdraw, (ids[dataset], _config(dataset)));
        if (!_call("collectAndWithdraw", payee, data, expected)) return;
        collected[dataset] += due;
        withdrawn += token.balanceOf(payee) - before;
    }

    /// @dev Any second at the lowest rate earns enough for every share.
    function _isPaidBy(uint256 dataset, address payee) private view returns (bool) {
        if (payee == pool || payee == payeeA) return true;
        return !_alone[dataset] && (payee == payeeB || payee == payeeC);
    }

    function addDeposit(uint256 datasetSeed, uint256 amount) external {
        uint256 dataset = datasetSeed % DATASETS;
        amount = bound(amount, 0, 100 ether);
        bytes memory data = abi.encodeCall(market.addDeposit, (ids[dataset], amount));
        if (!_call("addDeposit", curator, data, _open(dataset) && amount != 0)) return;
        deposits[dataset] += amount;
        wealth[curator] -= amount;
    }

    function requestDepositWithdrawal(uint256 datasetSeed, uint256 amount) external {
        uint256 dataset = datasetSeed % DATASETS;
        bool lapsed = pending[dataset] != 0 && block.timestamp >= _maturesAt[dataset] + 2 days;
        uint256 available = deposits[dataset] + (lapsed ? pending[dataset] : 0);
        amount = bound(amount, 0, available + available / 8);
        bool expected = amount != 0 && amount <= available && (pending[dataset] == 0 || lapsed);
        bytes memory data = abi.encodeCall(market.requestDepositWithdrawal, (ids[dataset], amount));
        if (!_call("requestDepositWithdrawal", curator, data, expected)) return;
        (deposits[dataset], pending[dataset]) = (available - amount, amount);
        _maturesAt[dataset] = block.timestamp + 7 days;
    }

    function cancelDepositWithdrawal(uint256 datasetSeed) external {
        uint256 dataset = datasetSeed % DATASETS;
        bytes memory data = abi.encodeCall(market.cancelDepositWithdrawal, (ids[dataset]));
        if (!_call("cancelDepositWithdrawal", curator, data, pending[dataset] != 0)) return;
        deposits[dataset] += pending[dataset];
        pending[dataset] = 0;
    }

    function takeDepositWithdrawal(uint256 datasetSeed) external {
        uint256 dataset = datasetSeed % DATASETS;
        uint256 maturesAt = _maturesAt[dataset];
        bool expected = pending[dataset] != 0 && block.timestamp >= maturesAt && block.timestamp < maturesAt + 2 days;
        bytes memory data = abi.encodeCall(market.takeDepositWithdrawal, (ids[dataset]));
        if (!_call("takeDepositWithdrawal", curator, data, expected)) return;
        wealth[curator] += pending[dataset];
        pending[dataset] = 0;
    }

    function payees() public view returns (address[5] memory) {
        return [pool, payeeA, payeeB, payeeC, keeper];
    }

    function configOf(uint256 dataset) external view returns (DatasetConfig memory) {
        return _config(dataset);
    }

    function parts() external view returns (address token_, address market_, address curator_) {
        return (address(token), address(market), curator);
    }
}
