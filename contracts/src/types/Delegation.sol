// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Rate} from "./Rate.sol";

/// @dev What a tenant lets a delegate do with its money for one deployment.
struct Limits {
    /// The most that may ever be moved: cumulative, what is spent never comes back.
    uint128 cap;
    Rate maxRate;
    /// Seconds between two opens.
    uint32 cooldown;
    /// The last second in which the delegate may act; 0 revokes.
    uint40 expiry;
}

/// @dev Limits and what has been used of them.
///
///   slot 0 | cap 128 | spent 128                                    |
///   slot 1 | maxRate 128 | cooldown 32 | expiry 40 | lastOpen 40 |
struct Delegation {
    uint128 cap;
    uint128 spent;
    Rate maxRate;
    uint32 cooldown;
    uint40 expiry;
    uint40 lastOpen;
}
