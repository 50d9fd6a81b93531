// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {EngToken} from "../src/EngToken.sol";
import {Marketplace} from "../src/Marketplace.sol";
import {DatasetState} from "../src/types/Dataset.sol";
import {DatasetId} from "../src/types/DatasetId.sol";
import {MarketplaceHandler} from "./support/MarketplaceHandler.sol";
import {NaiveLedger} from "./support/NaiveLedger.sol";

/// @notice The marketplace against the naive ledger after every step of random histories.
contract MarketplaceInvariantTest is Test {
    MarketplaceHandler private _handler;
    NaiveLedger private _ledger;
    EngToken private _token;
    Marketplace private _market;
    address private _curator;

    function setUp() public {
        _handler = new MarketplaceHandler();
        _ledger = _handler.ledger();
        (address token, address market, address curator) = _handler.parts();
        (_token, _market, _curator) = (EngToken(token), Marketplace(market), curator);
        bytes4[] memory actions = new bytes4[](21);
        actions[0] = MarketplaceHandler.wait.selector;
        actions[1] = MarketplaceHandler.visitBoundary.selector;
        actions[2] = MarketplaceHandler.subscribe.selector;
        actions[3] = MarketplaceHandler.unsubscribe.selector;
        actions[4] = MarketplaceHandler.limitRenewals.selector;
        actions[5] = MarketplaceHandler.renew.selector;
        actions[6] = MarketplaceHandler.startTrial.selector;
        actions[7] = MarketplaceHandler.update.selector;
        actions[8] = MarketplaceHandler.close.selector;
        actions[9] = MarketplaceHandler.claimRefunds.selector;
        actions[10] = MarketplaceHandler.collect.selector;
        actions[11] = MarketplaceHandler.withdraw.selector;
        actions[12] = MarketplaceHandler.collectAndWithdraw.selector;
        actions[13] = MarketplaceHandler.addDeposit.selector;
        actions[14] = MarketplaceHandler.requestDepositWithdrawal.selector;
        actions[15] = MarketplaceHandler.cancelDepositWithdrawal.selector;
        actions[16] = MarketplaceHandler.takeDepositWithdrawal.selector;
        // What histories are mostly made of.
        actions[17] = MarketplaceHandler.subscribe.selector;
        actions[18] = MarketplaceHandler.renew.selector;
        actions[19] = MarketplaceHandler.visitBoundary.selector;
        actions[20] = MarketplaceHandler.visitBoundary.selector;
        targetSelector(FuzzSelector(address(_handler), actions));
        targetContract(address(_handler));
    }

    function invariant_theMarketplaceIsTheNaiveLedger() public view {
        _checkConservation();
        for (uint256 dataset; dataset < _handler.DATASETS(); ++dataset) {
            _checkDataset(dataset);
            _checkEndings(_handler.ids(dataset));
            for (uint256 i; i < _handler.ACCOUNTS(); ++i) {
                _checkAccount(dataset, _handler.accounts(i));
            }
        }
    }

    /// @dev Every token is somebody's, as an equality, and nobody has more or less than the model says.
    function _checkConservation() private view {
        uint256 sum = _credited();
        for (uint256 dataset; dataset < _handler.DATASETS(); ++dataset) {
            sum += _handler.deposits(dataset) + _handler.pending(dataset) + _ledger.unused(dataset)
            + _ledger.earned(dataset) - _handler.collected(dataset);
            for (uint256 i; i < _handler.ACCOUNTS(); ++i) {
                sum += _ledger.claims(dataset, _handler.accounts(i));
            }
        }
        assertEq(_token.balanceOf(address(_market)), sum, "conservation");
        uint256 collected = _handler.collected(0) + _handler.collected(1);
        assertEq(_credited() + _handler.withdrawn(), collected + _handler.tips(), "credits");
        assertEq(_token.balanceOf(_curator), _handler.wealth(_curator), "curator");
        for (uint256 i; i < _handler.ACCOUNTS(); ++i) {
            address account = _handler.accounts(i);
            uint256 tipped = _market.balanceOf(account);
            assertEq(_token.balanceOf(account), _handler.wealth(account), "subscriber");
            assertTrue(tipped == 0 || i == 0, "only the one who renews for others earns tips");
        }
    }

    function _credited() private view returns (uint256 sum) {
        address[5] memory payees = _handler.payees();
        for (uint256 i; i < payees.length; ++i) {
            sum += _market.balanceOf(payees[i]);
        }
        sum += _market.balanceOf(_handler.accounts(0));
    }

    function _checkDataset(uint256 dataset) private view {
        DatasetState memory state = _market.datasetOf(_handler.ids(dataset));
        (uint256 liveRate, uint256 count) = _ledger.live(dataset);
        assertEq(state.liveRate, liveRate, "live rate");
        assertEq(state.subscribers, count, "subscribers");
        assertEq(state.earned + _handler.collected(dataset), _ledger.earned(dataset), "earned to the second");
        assertEq(state.rate, _handler.rates(dataset), "rate");
        assertEq(state.deposit, _handler.deposits(dataset), "deposit");
        assertEq(_market.depositWithdrawalOf(_handler.ids(dataset)).amount, _handler.pending(dataset), "pending");
        assertEq(state.closedAt, _ledger.closedAt(dataset), "closed at");
        assertApproxEqAbs(state.churn, _ledger.churn(dataset), 1 << 16, "churn");
        if (liveRate == 0) assertEq(_market.rankOf(_handler.ids(dataset)), 0, "rank");
    }

    /// @dev The endings still to come sum to the stored totals.
    function _checkEndings(DatasetId id) private view {
        uint256 slot = uint256(keccak256(abi.encode(id, 2)));
        uint256 totals = uint256(vm.load(address(_market), bytes32(slot + 1)));
        uint256 calendar = uint256(vm.load(address(_market), bytes32(slot + 3)));
        (uint256 settledDay, uint256 bitmap) = (uint24(calendar >> 192), uint32(calendar >> 216));
        bytes32 endings = keccak256(abi.encode(id, 3));
        (int256 rate, uint256 count) = (0, 0);
        for (uint256 i; i < 32; ++i) {
            if (bitmap >> i & 1 == 0) continue;
            uint256 ending = uint256(vm.load(address(_market), keccak256(abi.encode(settledDay + 1 + i, endings))));
            rate += int96(uint96(ending));
            count += uint32(ending >> 96);
        }
        assertEq(rate, int256(uint256(uint88(totals))), "sum of the endings' rates");
        assertEq(count, uint32(totals >> 216), "sum of the endings' counts");
    }

    function _checkAccount(uint256 dataset, address account) private view {
        DatasetId id = _handler.ids(dataset);
        bool closed = _ledger.closedAt(dataset) != 0;
        uint256 end = _ledger.endOf(dataset, account);
        bool trial = !closed && _handler.trialEnds(dataset, account) > block.timestamp;
        assertEq(_market.hasAccess(id, account), end != 0 || trial, "access");
        uint256 refund = closed ? _ledger.claims(dataset, account) : _ledger.unusedOf(dataset, account);
        assertEq(_market.refundOf(id, account), refund, "refund");
        if (end != 0) assertEq(_market.subscriptionOf(id, account).end, end, "end");
    }

    /// @dev Everyone takes what is theirs: then nothing is left.
    function afterInvariant() public {
        skip(62 days);
        for (uint256 dataset; dataset < _handler.DATASETS(); ++dataset) {
            DatasetId id = _handler.ids(dataset);
            if (_ledger.closedAt(dataset) != 0) _handler.claimRefunds(dataset);
            _handler.collect(dataset);
            DatasetState memory state = _market.datasetOf(id);
            assertEq(state.liveRate + state.subscribers + state.earned, 0, "all ended");
            if (_handler.pending(dataset) != 0) _handler.cancelDepositWithdrawal(dataset);
            uint256 deposit = _market.datasetOf(id).deposit;
            if (deposit == 0) continue;
            vm.startPrank(_curator);
            _market.requestDepositWithdrawal(id, deposit);
            skip(7 days);
            _market.takeDepositWithdrawal(id);
            vm.stopPrank();
        }
        for (uint256 i; i < 6; ++i) {
            address payee = i < 5 ? _handler.payees()[i] : _handler.accounts(0);
            if (_market.balanceOf(payee) == 0) continue;
            vm.prank(payee);
            _market.withdraw();
        }
        assertEq(_token.balanceOf(address(_market)), 0, "nothing is left");
    }
}
