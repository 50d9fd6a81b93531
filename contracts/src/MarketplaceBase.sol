// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IMarketplace} from "./interfaces/IMarketplace.sol";
import {Listing} from "./libraries/Listing.sol";
import {Dataset, DepositWithdrawal, Ending} from "./types/Dataset.sol";
import {DatasetId} from "./types/DatasetId.sol";
import {Settings} from "./types/Settings.sol";
import {Subscription} from "./types/Subscription.sol";

/// @title What every part of the marketplace stands on: storage, settings, checks and the way of the token
/// @dev The order of the mappings is published in `IMarketplace`, because light clients prove their slots.
abstract contract MarketplaceBase is IMarketplace, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    mapping(DatasetId => mapping(address => Subscription)) internal _subscriptions;
    mapping(DatasetId => mapping(address => uint40)) internal _trialEnds;
    mapping(DatasetId => Dataset) internal _datasets;
    mapping(DatasetId => mapping(uint256 day => Ending)) internal _endings;
    mapping(DatasetId => DepositWithdrawal) internal _withdrawals;
    mapping(address => uint256) internal _balances;

    IERC20 internal immutable _TOKEN;
    address internal immutable _POOL;
    uint256 internal immutable _MIN_RATE;
    uint256 internal immutable _REFERENCE_PRICE;
    uint16 internal immutable _FEE_BPS;
    uint32 internal immutable _DISPUTE_WINDOW_SECONDS;
    uint32 internal immutable _TIP_SECONDS;
    uint32 internal immutable _TIP_WINDOW_SECONDS;

    constructor(Settings memory chosen) {
        uint8 decimals = IERC20Metadata(chosen.token).decimals();
        require(decimals == 18, TokenDecimalsNotSupported(decimals));
        require(chosen.pool != address(0), SettingNotAllowed("pool", 0));
        require(chosen.minRate != 0 && chosen.minRate <= type(uint56).max, SettingNotAllowed("minRate", chosen.minRate));
        require(chosen.referencePrice != 0, SettingNotAllowed("referencePrice", 0));
        require(chosen.feeBps < Listing.WHOLE_BPS, SettingNotAllowed("feeBps", chosen.feeBps));
        require(chosen.tipWindowSeconds <= 1 days, SettingNotAllowed("tipWindowSeconds", chosen.tipWindowSeconds));
        _TOKEN = IERC20(chosen.token);
        _POOL = chosen.pool;
        _MIN_RATE = chosen.minRate;
        _REFERENCE_PRICE = chosen.referencePrice;
        _FEE_BPS = chosen.feeBps;
        _DISPUTE_WINDOW_SECONDS = chosen.disputeWindowSeconds;
        _TIP_SECONDS = chosen.tipSeconds;
        _TIP_WINDOW_SECONDS = chosen.tipWindowSeconds;
    }

    /// @inheritdoc IMarketplace
    function settings() external view returns (Settings memory) {
        return Settings({
            token: address(_TOKEN),
            pool: _POOL,
            minRate: _MIN_RATE,
            referencePrice: _REFERENCE_PRICE,
            feeBps: _FEE_BPS,
            disputeWindowSeconds: _DISPUTE_WINDOW_SECONDS,
            tipSeconds: _TIP_SECONDS,
            tipWindowSeconds: _TIP_WINDOW_SECONDS
        });
    }

    /// @dev The dataset, open or closed.
    function _registered(DatasetId id) internal view returns (Dataset storage dataset) {
        dataset = _datasets[id];
        require(dataset.rate != 0, DatasetNotRegistered(id));
    }

    /// @dev The dataset, which must be open.
    function _open(DatasetId id) internal view returns (Dataset storage dataset) {
        dataset = _registered(id);
        uint40 closedAt = dataset.closedAt;
        require(closedAt == 0, DatasetIsClosed(id, closedAt));
    }

    function _requireCurator(Dataset storage dataset) internal view {
        address curator = dataset.curator;
        require(msg.sender == curator, CallerIsNotCurator(msg.sender, curator));
    }

    /// @dev Takes exactly `amount` from the account, or reverts.
    function _pull(address from, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balanceBefore = _TOKEN.balanceOf(address(this));
        _TOKEN.safeTransferFrom(from, address(this), amount);
        _requireReceived(balanceBefore, amount);
    }

    function _requireReceived(uint256 balanceBefore, uint256 amount) internal view {
        uint256 received = _TOKEN.balanceOf(address(this)) - balanceBefore;
        require(received == amount, TransferAmountDiffers(amount, received));
    }

    function _pay(address to, uint256 amount) internal {
        _TOKEN.safeTransfer(to, amount);
    }
}
