// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Lease, Report, Status} from "../types/Lease.sol";
import {LeaseId} from "../types/LeaseId.sol";
import {Claim, Terms} from "../types/Terms.sol";

/// @title The deal, the payment channel and the lock of every instance.
/// @notice Money is token base units, times are Unix seconds. Only the hash of the terms is stored: every
/// call brings them. Refusals come in the order in which the functions name them.
interface ILeases {
    event Opened(
        LeaseId indexed id, address indexed tenant, address indexed host, Terms terms, uint256 deposit, uint40 opened
    );
    event ToppedUp(LeaseId indexed id, address indexed by, uint256 amount);
    /// @notice Payment moved forward: `amount` went to the host.
    event Claimed(LeaseId indexed id, uint40 ack, uint256 extra, uint256 amount);
    event Closed(LeaseId indexed id, address indexed by, uint40 ack, uint256 toHost, uint256 toTenant);
    event Quit(LeaseId indexed id, uint40 ended, uint256 fee);
    event Reported(LeaseId indexed id, address indexed by, uint40 reported);
    /// @notice The report made at `reported` came to nothing: its `fee` and, for service through `ack`, `amount`
    /// went to the host.
    event Answered(LeaseId indexed id, uint40 reported, uint40 ack, uint256 amount, uint256 fee);
    /// @notice The host did not answer a report, or was `absent` by its observers' word.
    event Resolved(LeaseId indexed id, bool absent, uint40 ack, uint256 toHost, uint256 toTenant);
    event Settled(LeaseId indexed id, uint40 ack, uint256 toHost, uint256 toTenant);
    /// @notice An item of a batch was left out because of the error with this selector.
    event Skipped(LeaseId indexed id, bytes4 refusal);

    error AnswerDue();
    error AnswerTooLate();
    error BadSignature();
    error BidExpired();
    /// @notice The bond is less than the quit fee.
    error BondTooSmall();
    /// @notice A lease of rate 0 that would be over at once.
    error CommitmentTooShort();
    /// @notice The deposit does not cover extras and minimum.
    error DepositTooSmall();
    error NotHost();
    /// @notice The silence has not lasted long enough.
    error NotSilent();
    /// @notice `previous` or `epoch` does not continue the current lease of the instance.
    error NotSuccessor();
    /// @notice All service is acknowledged, or the tail is due to the host.
    error NothingToReport();
    /// @notice An amount or epoch is wider than its storage.
    error OutOfRange();
    /// @notice The absence began before the lease or after its end.
    error OutsideLease();
    error QuorumMissing();
    /// @notice The window after the end has not passed.
    error TailPending();
    error UnknownLease();
    error UntilAfterEnd();
    error WrongObservers();
    error WrongStatus();

    /// @notice Puts a host's bid into force: takes `amount` from the tenant and the bond from the host, ends the
    /// predecessor and makes this the current lease of its instance. By the tenant or a delegate within its limits.
    /// @param signature By the host or its operator over the terms.
    function open(Terms calldata terms, uint128 amount, bytes calldata signature) external returns (LeaseId id);

    /// @notice Adds `amount` to a running lease's deposit: a delegate's from its tenant, anybody else's own.
    function topUp(Terms calldata terms, uint128 amount) external;

    /// @notice Pays the host for service through `until` and metered `extra`, cumulative. By anyone. A receipt
    /// newer than an open report dismisses it.
    /// @param signature By the terms' signer or the tenant over the receipt.
    function claim(Terms calldata terms, uint40 until, uint128 extra, bytes calldata signature) external;

    /// @notice Pays the host for service that lies more than the window back. By anyone; not while reported.
    function claimSilent(Terms calldata terms) external;

    /// @notice Ends and settles a lease, conceding service through now and at least the minimum. By a party.
    function close(Terms calldata terms) external;

    /// @notice Ends a lease and answers an open report. By the host or its operator; costs the quit fee before the
    /// committed time.
    function quit(Terms calldata terms) external;

    /// @notice Stakes the report fee of the caller on the host's silence. By a party.
    function report(Terms calldata terms) external;

    /// @notice Shows that the host lives: pays it through the report and gives it the reporter's fee.
    /// @param signature By the host or its operator over the answer; not looked at when one of them calls.
    function answer(Terms calldata terms, bytes calldata signature) external;

    /// @notice Settles a lease whose report stayed unanswered: the tenant gets the bond and the last window. By anyone.
    function resolve(Terms calldata terms) external;

    /// @notice Settles a lease whose host was absent since `from` by the word of `quorum` of its observers. By anyone.
    /// @param observers As the terms commit to them: sorted, no duplicates.
    /// @param signatures Over the absence, one per observer in the same order, empty where it did not sign.
    function resolveAbsent(
        Terms calldata terms,
        uint40 from,
        uint256 quorum,
        address[] calldata observers,
        bytes[] calldata signatures
    ) external;

    /// @notice Pays an ended lease's tail and returns bond and rest, once acknowledged or after the window. By anyone.
    function settle(Terms calldata terms) external;

    /// @notice Claims each item on its own and reports with `Skipped` which were refused.
    function claimBatch(Claim[] calldata items) external;

    /// @notice Settles each item on its own and reports with `Skipped` which were refused.
    function settleBatch(Terms[] calldata items) external;

    /// @notice The id of the lease that these terms make.
    function leaseId(Terms calldata terms) external pure returns (LeaseId);

    /// @notice What is stored of a lease.
    function lease(LeaseId id) external view returns (Lease memory);

    /// @notice The newest report of a lease.
    function reportOf(LeaseId id) external view returns (Report memory);

    /// @notice The lease that holds an instance, or 0.
    function current(address tenant, bytes32 deployment, bytes32 instance) external view returns (LeaseId);

    /// @notice The status of a lease now, its end so far and what the host has been paid.
    function statusOf(Terms calldata terms) external view returns (Status status, uint40 end, uint256 paid);
}
