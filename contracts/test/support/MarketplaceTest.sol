// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {EngToken} from "../../src/EngToken.sol";
import {Marketplace} from "../../src/Marketplace.sol";
import {DatasetConfig, Payout} from "../../src/types/DatasetConfig.sol";
import {DatasetId} from "../../src/types/DatasetId.sol";
import {Settings} from "../../src/types/Settings.sol";

/// @notice A marketplace with one dataset of three payees, and accounts that have ENG and approved it.
abstract contract MarketplaceTest is Test {
    uint256 internal constant PERIOD = 30 days;
    /// @dev A UTC midnight: day 20,833.
    uint256 internal constant MIDNIGHT = 1_799_971_200;
    /// @dev Where every test starts: an hour, a minute and a second past midnight.
    uint256 internal constant START = MIDNIGHT + 3661;
    uint256 internal constant FIRST_END = MIDNIGHT + PERIOD;

    uint256 internal constant RATE = 4e12;
    uint256 internal constant DEPOSIT = 1_000 ether;
    uint256 internal constant RICHES = 1_000_000 ether;
    uint32 internal constant TRIAL_SECONDS = 3 days;
    bytes32 internal constant METADATA_HASH = keccak256("manifest");

    address internal immutable curator = makeAddr("curator");
    address internal immutable publisher = makeAddr("publisher");
    address internal immutable pool = makeAddr("pool");
    address internal immutable alice = makeAddr("alice");
    address internal immutable bob = makeAddr("bob");
    address internal immutable keeper = makeAddr("keeper");
    address internal immutable payeeA = makeAddr("payeeA");
    address internal immutable payeeB = makeAddr("payeeB");
    address internal immutable payeeC = makeAddr("payeeC");

    EngToken internal token;
    Marketplace internal market;
    DatasetId internal id;

    function setUp() public virtual {
        vm.warp(START);
        address[] memory holders = new address[](1);
        holders[0] = address(this);
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = 1e12 ether;
        token = new EngToken(holders, amounts);
        market = new Marketplace(defaultSettings());
        for (uint256 i; i < 5; ++i) {
            enrich([curator, alice, bob, keeper, address(this)][i]);
        }
        id = register("coinbase_data", RATE);
    }

    function defaultSettings() internal view returns (Settings memory) {
        return Settings({
            token: address(token),
            pool: pool,
            minRate: 1000,
            referencePrice: 10 ether,
            feeBps: 500,
            disputeWindowSeconds: 7 days,
            tipSeconds: 1 hours,
            tipWindowSeconds: 6 hours
        });
    }

    function enrich(address account) internal {
        if (account != address(this)) require(token.transfer(account, RICHES));
        vm.prank(account);
        token.approve(address(market), type(uint256).max);
    }

    function register(string memory name, uint256 rate) internal returns (DatasetId) {
        vm.prank(curator);
        return market.register(name, rate, DEPOSIT, config(), TRIAL_SECONDS);
    }

    /// @dev Three payees: 40 %, 30 %, 30 %.
    function config() internal view returns (DatasetConfig memory) {
        Payout[] memory payouts = new Payout[](3);
        payouts[0] = Payout(payeeA, 4000);
        payouts[1] = Payout(payeeB, 3000);
        payouts[2] = Payout(payeeC, 3000);
        return DatasetConfig(METADATA_HASH, publisher, payouts);
    }

    /// @dev One payee.
    function configFor(address payee) internal view returns (DatasetConfig memory) {
        Payout[] memory payouts = new Payout[](1);
        payouts[0] = Payout(payee, 10_000);
        return DatasetConfig(keccak256("another manifest"), publisher, payouts);
    }

    function configHash(DatasetConfig memory c) internal pure returns (bytes32) {
        return keccak256(abi.encode(c.metadataHash, c.publisher, c.payouts));
    }

    function setRate(uint256 rate) internal {
        vm.prank(curator);
        market.update(id, config(), rate, config(), TRIAL_SECONDS);
    }

    function subscribe(address account) internal {
        subscribe(account, RATE, true);
    }

    function subscribe(address account, uint256 maxRate, bool autoRenew) internal {
        vm.prank(account);
        market.subscribe(id, maxRate, autoRenew);
    }

    function unsubscribe(address account) internal {
        vm.prank(account);
        market.unsubscribe(id);
    }

    function renew(address renewer, address account) internal returns (bool) {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        vm.prank(renewer);
        return market.renew(id, accounts) == 1;
    }

    function endOf(address account) internal view returns (uint256) {
        return market.subscriptionOf(id, account).end;
    }

    /// @dev All that the pool and the payees have been credited and not withdrawn.
    function credited() internal view returns (uint256) {
        return market.balanceOf(pool) + market.balanceOf(payeeA) + market.balanceOf(payeeB) + market.balanceOf(payeeC);
    }
}
