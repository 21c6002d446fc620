// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LeaseId} from "./LeaseId.sol";
import {Rate} from "./Rate.sol";

/// @dev The bid and the deal: what a host signs and `open` puts into force. Times are Unix seconds,
/// durations seconds, amounts token base units. Field order and types are those of the EIP-712 struct.
struct Terms {
    address tenant;
    address host;
    /// The hot key that speaks for the tenant: signs receipts, reports.
    address signer;
    bytes32 deployment;
    bytes32 instance;
    uint64 epoch;
    LeaseId previous;
    bytes32 manifest;
    /// keccak256(abi.encode(uint256 quorum, address[] sorted)) or 0 for none.
    bytes32 observers;
    Rate rate;
    /// The most that metered extras may cost over the whole lease.
    uint128 extraMax;
    uint128 bond;
    uint128 quitFee;
    uint128 reportFee;
    /// Until when the host promises to serve; ends a lease of rate 0.
    uint40 committed;
    uint40 bidExpiry;
    /// Seconds that a tenant who closes pays at least.
    uint32 minimum;
    /// Seconds without a receipt before a report.
    uint32 silence;
    /// How far back the service must lie that is paid without a receipt.
    uint32 window;
    uint32 answerIn;
}

/// @dev One item of a batch of claims: a receipt, its signature and the terms that it is about.
struct Claim {
    Terms terms;
    uint40 until;
    uint128 extra;
    bytes signature;
}
