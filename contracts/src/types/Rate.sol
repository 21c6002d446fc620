// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @dev 1e-9 token base units per second.
type Rate is uint128;

using {cost, costUp, affordable, exceeds, isZero} for Rate global;

uint256 constant RATE_SCALE = 1e9;

/// @dev What `time` seconds cost in base units, rounded down.
function cost(Rate rate, uint40 time) pure returns (uint256) {
    // 128 and 40 bits multiply into 168.
    unchecked {
        return uint256(Rate.unwrap(rate)) * time / RATE_SCALE;
    }
}

/// @dev What `time` seconds cost in base units, rounded up.
function costUp(Rate rate, uint40 time) pure returns (uint256) {
    unchecked {
        return (uint256(Rate.unwrap(rate)) * time + RATE_SCALE - 1) / RATE_SCALE;
    }
}

/// @dev How many whole seconds `amount` base units pay for; the rate is not zero.
function affordable(Rate rate, uint256 amount) pure returns (uint256) {
    return amount * RATE_SCALE / Rate.unwrap(rate);
}

function exceeds(Rate a, Rate b) pure returns (bool) {
    return Rate.unwrap(a) > Rate.unwrap(b);
}

function isZero(Rate rate) pure returns (bool) {
    return Rate.unwrap(rate) == 0;
}
