// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @dev Running and Reported may hide an end that needed no transaction (the deposit ran out).
enum Status {
    None,
    Running,
    Reported,
    Ended,
    Settled
}

/// @dev What is stored of a lease; everything else is derived from this and the terms in calldata.
///
///   slot 0 | deposit 96 | opened 40 | ack 40 | ended 40 | epoch 32 | status 8 |
///   slot 1 | extra 96 | bondLeft 96 | quit 8 | free 56                        |
struct Lease {
    Service service;
    Purse purse;
}

/// @dev The slot that every call reads.
struct Service {
    uint96 deposit;
    uint40 opened;
    /// Until when service is paid for.
    uint40 ack;
    /// When a transaction ended the lease, 0 while none has.
    uint40 ended;
    uint32 epoch;
    Status status;
}

/// @dev The slot that only calls about extras and bond read.
struct Purse {
    /// Metered extras that are paid for, at most the terms' extraMax.
    uint96 extra;
    uint96 bondLeft;
    /// The host ended it: the stated minimum is not owed.
    bool quit;
}

/// @dev The newest report of a lease, open while its status is Reported. One slot, written at the first report.
struct Report {
    uint40 reported;
    uint40 blockNumber;
    address by;
}
