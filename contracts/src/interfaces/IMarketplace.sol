// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DatasetConfig, Payout} from "../types/DatasetConfig.sol";
import {DatasetId} from "../types/DatasetId.sol";
import {DatasetState, DepositWithdrawal, RankInputs} from "../types/Dataset.sol";
import {RenewalSkipReason} from "../types/RenewalSkipReason.sol";
import {Settings} from "../types/Settings.sol";
import {Subscription} from "../types/Subscription.sol";

/// @title The data marketplace: datasets, subscriptions, money and rank
/// @notice A curator lists a dataset and locks a deposit. A subscriber pays one period of at most 30 days in advance;
/// the payees earn it second by second, and whoever leaves gets the rest back. There is no owner, no pause, no upgrade:
/// nobody can touch another's funds or listings, and leaving calls nothing but `token.transfer`.
///
/// Time: every subscription ends at a UTC midnight. `subscribe` sells `rate * (end - now)` with
/// `end = floor(now + 30 days)` to the day, a renewal exactly 30 days. Rates are integers in wei per second, so nothing
/// is ever rounded except the payees' shares.
///
/// In this interface times are `uint40` Unix seconds; amounts (wei) and rates (wei per second) are `uint256`.
///
/// Storage that light clients may prove: slot 0 is `mapping(DatasetId => mapping(address => Subscription))`, slot 1 is
/// `mapping(DatasetId => mapping(address => uint40 trialEnd))`, slot 2 is `mapping(DatasetId => Dataset)`. A paid
/// subscription gives access iff `end > now` and the dataset's `closedAt` is 0.
interface IMarketplace {
    /// @notice A dataset was listed. `id` is `keccak256(abi.encode(curator, name))`.
    event DatasetRegistered(
        DatasetId indexed id,
        address indexed curator,
        string name,
        uint256 rate,
        uint256 deposit,
        bytes32 metadataHash,
        address publisher,
        Payout[] payouts,
        uint32 trialSeconds
    );

    /// @notice A dataset's terms were replaced; these are all the new ones.
    event DatasetUpdated(
        DatasetId indexed id,
        uint256 rate,
        bytes32 metadataHash,
        address publisher,
        Payout[] payouts,
        uint32 trialSeconds
    );

    /// @notice A dataset closed for ever; what its subscribers did not use is theirs to claim.
    event DatasetClosed(DatasetId indexed id, uint40 closedAt);

    /// @notice A deposit grew by `amount` to `deposit`.
    event DepositAdded(DatasetId indexed id, address indexed from, uint256 amount, uint256 deposit);

    /// @notice `amount` left the counted deposit, which is now `deposit`, and may be taken in `[maturesAt, lapsesAt)`.
    event DepositWithdrawalRequested(
        DatasetId indexed id, uint256 amount, uint256 deposit, uint40 maturesAt, uint40 lapsesAt
    );

    /// @notice A requested withdrawal was given up or had lapsed; `amount` counts again in `deposit`.
    event DepositWithdrawalCancelled(DatasetId indexed id, uint256 amount, uint256 deposit);

    /// @notice A matured withdrawal was paid to the curator.
    event DepositWithdrawalTaken(DatasetId indexed id, uint256 amount);

    /// @notice An account subscribed; `maxRate` is its limit for renewals, zero for none.
    event Subscribed(
        DatasetId indexed id, address indexed account, uint40 start, uint40 end, uint256 rate, uint256 maxRate
    );

    /// @notice A subscription now runs until `end`, its last 30 days at `rate`; its owner paid
    /// `rate * 30 days + tip`.
    event Renewed(DatasetId indexed id, address indexed account, uint40 end, uint256 rate, uint256 tip);

    /// @notice A subscription that `renew` was asked for stays as it was.
    event RenewalSkipped(DatasetId indexed id, address indexed account, RenewalSkipReason reason);

    /// @notice A subscriber allowed renewals up to `maxRate`, or forbade them with zero.
    event RenewalLimitChanged(DatasetId indexed id, address indexed account, uint256 maxRate);

    /// @notice A subscriber left and was paid `refund` for the unused seconds.
    event Unsubscribed(DatasetId indexed id, address indexed account, uint256 refund);

    /// @notice A subscriber of a closed dataset was paid `refund` for the seconds after it closed.
    event RefundClaimed(DatasetId indexed id, address indexed account, uint256 refund);

    /// @notice An account started its only trial of a dataset.
    event TrialStarted(DatasetId indexed id, address indexed account, uint40 end);

    /// @notice A dataset's earnings until now were credited: `fee` to the pool, the rest to the payees.
    event EarningsCollected(DatasetId indexed id, uint256 amount, uint256 fee);

    /// @notice A renewer was credited the tips of one call of `renew`.
    event TipsEarned(DatasetId indexed id, address indexed renewer, uint256 amount);

    /// @notice An account withdrew its credited balance.
    event Withdrawn(address indexed account, uint256 amount);

    /// @notice The constructor refused a setting.
    error SettingNotAllowed(string name, uint256 value);
    /// @notice The token does not have 18 decimals.
    error TokenDecimalsNotSupported(uint256 decimals);
    /// @notice The token delivered another amount than it was asked for.
    error TransferAmountDiffers(uint256 expected, uint256 received);
    /// @notice Names have 3 to 31 characters of `a-z 0-9 _`, the first one a letter.
    error NameNotAllowed(string name);
    /// @notice The rate is outside what the deployment allows.
    error RateOutOfRange(uint256 rate, uint256 minRate, uint256 maxRate);
    /// @notice A trial may last 30 days at most.
    error TrialTooLong(uint256 trialSeconds, uint256 limit);
    /// @notice A dataset has one to eight payees.
    error PayeeCountOutOfRange(uint256 count, uint256 limit);
    /// @notice A payee must be an account other than zero with a share above zero.
    error PayeeNotAllowed(address payee, uint256 shareBps);
    /// @notice The payees' shares must sum to 10,000 basis points.
    error SharesNotWhole(uint256 sumBps);
    /// @notice The curator already listed a dataset under this name, open or closed.
    error DatasetAlreadyRegistered(DatasetId id);
    /// @notice No dataset has this id.
    error DatasetNotRegistered(DatasetId id);
    /// @notice The dataset closed at `closedAt`.
    error DatasetIsClosed(DatasetId id, uint40 closedAt);
    /// @notice The dataset is open: leave it with `unsubscribe`.
    error DatasetIsOpen(DatasetId id);
    /// @notice Only the dataset's curator may do this.
    error CallerIsNotCurator(address caller, address curator);
    /// @notice The given config is not the dataset's present one.
    error ConfigDoesNotMatch(bytes32 givenHash, bytes32 storedHash);
    /// @notice The amount must be above zero.
    error AmountIsZero();
    /// @notice The counted deposit is smaller than the amount.
    error AmountAboveDeposit(uint256 amount, uint256 deposit);
    /// @notice The deposit must cover six days of the dataset's live rate, the new subscription included.
    error DepositTooLow(uint256 deposit, uint256 required);
    /// @notice A withdrawal is under way; take or cancel it first.
    error WithdrawalAlreadyRequested(uint40 maturesAt, uint40 lapsesAt);
    /// @notice No withdrawal is under way.
    error WithdrawalNotRequested(DatasetId id);
    /// @notice The withdrawal may be taken from `maturesAt` on.
    error WithdrawalNotMature(uint40 maturesAt);
    /// @notice The withdrawal had to be taken before `lapsedAt`; cancel it and request a new one.
    error WithdrawalLapsed(uint40 lapsedAt);
    /// @notice The account's subscription still runs until `end`.
    error AlreadySubscribed(DatasetId id, address account, uint40 end);
    /// @notice The account has no running subscription.
    error NotSubscribed(DatasetId id, address account);
    /// @notice The dataset's rate is above the subscriber's limit.
    error PriceAboveLimit(uint256 rate, uint256 maxRate);
    /// @notice The dataset offers no trial.
    error TrialNotOffered(DatasetId id);
    /// @notice The account's only trial of this dataset ends, or ended, at `end`.
    error TrialAlreadyUsed(DatasetId id, address account, uint40 end);
    /// @notice The account has no balance to withdraw.
    error NothingToWithdraw(address account);

    /// @notice Lists a dataset under the caller's address and locks its deposit, which the caller must have approved.
    /// @param name 3 to 31 characters of `a-z 0-9 _`, first a letter; taken for ever, also after closing.
    /// @param rate Wei per second; the price shown is `rate * 2,592,000`.
    /// @param deposit Wei to lock; subscribing needs six days of the live rate.
    /// @param config Manifest hash, publisher and payees.
    /// @param trialSeconds Length of the trial offered to each account once; zero for none, at most 30 days.
    /// @return id `keccak256(abi.encode(msg.sender, name))`.
    function register(
        string calldata name,
        uint256 rate,
        uint256 deposit,
        DatasetConfig calldata config,
        uint32 trialSeconds
    ) external returns (DatasetId id);

    /// @notice Replaces the dataset's terms. Pays the present payees to this very second; running subscriptions keep
    /// their rate until they end.
    /// @param id The dataset; the caller must be its curator.
    /// @param oldConfig The present config, whose hash is stored.
    /// @param rate New rate in wei per second.
    /// @param newConfig New manifest hash, publisher and payees.
    /// @param trialSeconds New length of trials not yet started.
    function update(
        DatasetId id,
        DatasetConfig calldata oldConfig,
        uint256 rate,
        DatasetConfig calldata newConfig,
        uint32 trialSeconds
    ) external;

    /// @notice Closes the dataset for ever. Earning stops at this second, and the name never reopens.
    /// @param id The dataset; the caller must be its curator.
    function close(DatasetId id) external;

    /// @notice Adds to a dataset's deposit; anyone may.
    /// @param id An open dataset.
    /// @param amount Wei, approved by the caller.
    function addDeposit(DatasetId id, uint256 amount) external;

    /// @notice Starts to take out deposit. The amount stops counting at once, may be taken after the dispute window and
    /// lapses two days later. A lapsed request counts again as deposit before this one is made.
    /// @param id The dataset, open or closed; the caller must be its curator.
    /// @param amount Wei, at most the counted deposit.
    function requestDepositWithdrawal(DatasetId id, uint256 amount) external;

    /// @notice Gives up a requested withdrawal, lapsed or not: its amount counts as deposit again.
    /// @param id The dataset; the caller must be its curator.
    function cancelDepositWithdrawal(DatasetId id) external;

    /// @notice Pays a matured withdrawal to the curator.
    /// @param id The dataset; the caller must be its curator.
    function takeDepositWithdrawal(DatasetId id) external;

    /// @notice Subscribes the caller until the last UTC midnight within 30 days and charges exactly those seconds.
    /// @param id An open dataset to which the caller has no running subscription.
    /// @param maxRate The highest rate in wei per second that the caller accepts, now and for renewals.
    /// @param autoRenew Whether anyone may renew the subscription at up to `maxRate`.
    function subscribe(DatasetId id, uint256 maxRate, bool autoRenew) external;

    /// @notice As `subscribe`, after setting the allowance with an ERC-2612 permit.
    /// @dev A permit that was already used, for instance by a front-runner, is no error: the allowance decides.
    /// @param id An open dataset to which the caller has no running subscription.
    /// @param maxRate The highest rate in wei per second that the caller accepts, now and for renewals.
    /// @param autoRenew Whether anyone may renew the subscription at up to `maxRate`.
    /// @param allowance Wei that the permit allows this contract.
    /// @param deadline Unix second until which the permit is valid.
    /// @param v Recovery byte of the permit's signature.
    /// @param r First half of the permit's signature.
    /// @param s Second half of the permit's signature.
    function subscribeWithPermit(
        DatasetId id,
        uint256 maxRate,
        bool autoRenew,
        uint256 allowance,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Changes the limit up to which the caller's running subscription may be renewed.
    /// @param id An open dataset.
    /// @param maxRate Wei per second, tip included; zero forbids renewals.
    function setRenewalLimit(DatasetId id, uint256 maxRate) external;

    /// @notice Ends the caller's subscription at this second and pays back every unused one. On a closed dataset it pays
    /// what is owed since the closing.
    /// @param id The dataset.
    function unsubscribe(DatasetId id) external;

    /// @notice Renews subscriptions by 30 days within the last day before their end; anyone may call. Who cannot be
    /// renewed is skipped with `RenewalSkipped` and keeps what was paid for. The new rate starts at the old end.
    /// @dev In the last `tipWindowSeconds` before an end a caller who is neither the curator nor the subscriber earns
    /// `min(rate * tipSeconds, (maxRate - rate) * 30 days)` on top of the price, so that nobody pays more than
    /// `maxRate * 30 days`.
    /// @param id An open dataset.
    /// @param accounts The subscribers.
    /// @return renewed How many of them were renewed.
    function renew(DatasetId id, address[] calldata accounts) external returns (uint256 renewed);

    /// @notice Pays the subscribers of a closed dataset what they did not use; anyone may call. Accounts without a
    /// claim are passed over.
    /// @param id A closed dataset.
    /// @param accounts The subscribers.
    function claimRefunds(DatasetId id, address[] calldata accounts) external;

    /// @notice Starts the caller's only trial of a dataset.
    /// @param id An open dataset that offers a trial.
    function startTrial(DatasetId id) external;

    /// @notice Credits what a dataset has earned until this second to the pool and its payees; anyone may call.
    /// @param id The dataset, open or closed.
    /// @param config The present config, whose hash is stored.
    /// @return amount Wei that were credited, fee included.
    function collect(DatasetId id, DatasetConfig calldata config) external returns (uint256 amount);

    /// @notice Pays the caller its credited balance.
    /// @return amount Wei that were paid.
    function withdraw() external returns (uint256 amount);

    /// @notice `collect`, then `withdraw`.
    /// @param id The dataset, open or closed.
    /// @param config The present config, whose hash is stored.
    /// @return amount Wei that were paid to the caller.
    function collectAndWithdraw(DatasetId id, DatasetConfig calldata config) external returns (uint256 amount);

    /// @notice Whether the account has a running paid subscription or trial of an open dataset at this second.
    function hasAccess(DatasetId id, address account) external view returns (bool);

    /// @notice The account's subscription as stored; all zero when there is none. It gives access iff `end > now` and
    /// the dataset is open.
    function subscriptionOf(DatasetId id, address account) external view returns (Subscription memory);

    /// @notice Unix second at which the account's trial ends or ended; zero when it was never started.
    function trialEndOf(DatasetId id, address account) external view returns (uint40);

    /// @notice Wei that `unsubscribe`, or `claimRefunds` on a closed dataset, would pay the account at this second.
    function refundOf(DatasetId id, address account) external view returns (uint256);

    /// @notice The dataset as of this block.
    function datasetOf(DatasetId id) external view returns (DatasetState memory);

    /// @notice The deposit withdrawal under way; all zero when there is none.
    function depositWithdrawalOf(DatasetId id) external view returns (DepositWithdrawal memory);

    /// @notice Wei credited to the account and not yet withdrawn.
    function balanceOf(address account) external view returns (uint256);

    /// @notice The dataset's rank R with 18 decimals as of this block; zero when it is closed or has no revenue.
    /// @dev With A, M, u, D, U of `rankInputs`, `R = min(A, M/u) * (A+1)/(A+U+2) * min(1, D/M)`, in integers, each line
    /// rounded down: `x = min(A * 1e18, M * 1e18 / u)`; `x = x * (A+1) * 2^32 / ((A+2) * 2^32 + U)`;
    /// `x = D < M ? x * D / M : x`.
    function rankOf(DatasetId id) external view returns (uint256);

    /// @notice The factors of the rank as of this block.
    function rankInputs(DatasetId id) external view returns (RankInputs memory);

    /// @notice What the deployment fixed.
    function settings() external view returns (Settings memory);
}
