// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Delegation, Limits} from "../types/Delegation.sol";

/// @title What guardians and session keys may do with a tenant's money.
interface IDelegations {
    event Authorized(address indexed tenant, address indexed delegate, bytes32 indexed deployment, Limits limits);

    error CapExceeded();
    error RateAboveMax();
    /// @notice The delegate opened another lease too recently.
    error CoolingDown();
    /// @notice The caller is neither tenant, nor its signer, nor an unexpired delegate.
    error NotParty();

    /// @notice Lets `delegate` act for the caller's `deployment` within `limits`. What it has spent stays spent.
    function authorize(address delegate, bytes32 deployment, Limits calldata limits) external;

    /// @notice The limits of a delegate and what it has used of them.
    function delegation(address tenant, address delegate, bytes32 deployment) external view returns (Delegation memory);
}
