// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Balances of one ERC-20 token from which deposits, bonds and fees are taken.
interface IVault {
    event Deposited(address indexed account, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event OperatorSet(address indexed account, address indexed key, bool allowed);

    /// @notice `account` has less in the vault than the call takes.
    error InsufficientBalance(address account);
    /// @notice The token moved another amount than it was told: it takes a fee, rebases or lies.
    error InexactDeposit();

    /// @notice Moves `amount` of the caller's tokens into its balance. Needs an allowance.
    function deposit(uint256 amount) external;

    /// @notice Moves `amount` of the caller's balance out to `to`.
    function withdraw(address to, uint256 amount) external;

    /// @notice Lets `key` sign bids and answers for the caller, or no longer.
    function setOperator(address key, bool allowed) external;

    /// @notice The one token of this vault, fixed at deployment.
    function token() external view returns (IERC20);

    /// @notice What `account` may withdraw or put into leases.
    function balance(address account) external view returns (uint256);

    /// @notice Whether `key` signs bids and answers for `account`.
    function isOperator(address account, address key) external view returns (bool);
}
