// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A dataset as the contract stores it: four slots, packed by what changes together.
/// @dev Between two settlements `earned(t) = base + liveRate * t` at every second `t`, where `earned` is what the
/// dataset has earned and not yet paid to its payees.
/// @param curator The account that listed the dataset; zero for an id that was never registered. (slot 0)
/// @param trialSeconds Length of a trial; zero when none is offered. (slot 0)
/// @param churn Decayed number of leavers with 24 fractional bits, as of `churnDay`. (slot 0)
/// @param churnDay The day (Unix time / 1 day) of the last change of `churn`. (slot 0)
/// @param liveRate Sum of the rates of the running subscriptions, in wei per second. (slot 1)
/// @param base Constant part of the earnings line; usually negative. (slot 1)
/// @param subscribers Number of running paid subscriptions. (slot 1)
/// @param configHash Hash of the dataset's `DatasetConfig`. (slot 2)
/// @param deposit Counted deposit in wei. (slot 3)
/// @param rate Price of a new period in wei per second; zero for an id that was never registered. (slot 3)
/// @param closedAt Unix second at which the dataset closed; zero while it is open. (slot 3)
/// @param settledDay The last day (Unix time / 1 day) whose endings are contained in `liveRate` and `base`. (slot 3)
/// @param endings Bit `i` is set when subscriptions may end at midnight of `settledDay + 1 + i`. (slot 3)
struct Dataset {
    address curator;
    uint24 trialSeconds;
    uint48 churn;
    uint24 churnDay;
    uint88 liveRate;
    int128 base;
    uint32 subscribers;
    bytes32 configHash;
    uint96 deposit;
    uint56 rate;
    uint40 closedAt;
    uint24 settledDay;
    uint32 endings;
}

/// @notice What happens to a dataset at one midnight.
/// @param rate What `liveRate` loses; negative when renewals at a higher price begin at this midnight.
/// @param count Subscriptions that expire.
struct Ending {
    int96 rate;
    uint32 count;
}

/// @notice A deposit withdrawal on its way.
/// @param amount Wei that left the counted deposit.
/// @param maturesAt Unix second from which it may be taken; two days later it lapses.
struct DepositWithdrawal {
    uint96 amount;
    uint40 maturesAt;
}

/// @notice A dataset as of the current block: endings until now are already taken out.
/// @param curator The account that listed the dataset; zero for an id that was never registered.
/// @param rate Price of a new period in wei per second.
/// @param trialSeconds Length of a trial; zero when none is offered.
/// @param configHash `keccak256(abi.encode(metadataHash, publisher, payouts))`.
/// @param deposit Counted deposit in wei.
/// @param closedAt Unix second at which the dataset closed; zero while it is open.
/// @param liveRate Sum of the rates of the running subscriptions, in wei per second.
/// @param subscribers Number of running paid subscriptions.
/// @param churn Decayed number of leavers with 32 fractional bits.
/// @param earned Wei earned until now and not yet credited to the payees.
struct DatasetState {
    address curator;
    uint256 rate;
    uint32 trialSeconds;
    bytes32 configHash;
    uint256 deposit;
    uint40 closedAt;
    uint256 liveRate;
    uint32 subscribers;
    uint64 churn;
    uint256 earned;
}

/// @notice The factors of a dataset's rank as of the current block.
/// @param subscribers A: running paid subscriptions.
/// @param monthlyRevenue M: wei that the running subscriptions pay in 30 days.
/// @param referencePrice u: the deployment's reference price of 30 days in wei.
/// @param deposit D: counted deposit in wei.
/// @param churn U: decayed number of leavers with 32 fractional bits.
struct RankInputs {
    uint256 subscribers;
    uint256 monthlyRevenue;
    uint256 referencePrice;
    uint256 deposit;
    uint256 churn;
}
