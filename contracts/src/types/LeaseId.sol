// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @dev The EIP-712 struct hash of a lease's Terms: commits to host and epoch.
type LeaseId is bytes32;

using {equals as ==, differs as !=} for LeaseId global;

function equals(LeaseId a, LeaseId b) pure returns (bool) {
    return LeaseId.unwrap(a) == LeaseId.unwrap(b);
}

function differs(LeaseId a, LeaseId b) pure returns (bool) {
    return LeaseId.unwrap(a) != LeaseId.unwrap(b);
}
