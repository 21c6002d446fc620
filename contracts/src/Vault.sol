// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IVault} from "./interfaces/IVault.sol";

/// @title Balances of one token, and the hot keys of colder accounts.
abstract contract Vault is IVault, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IVault
    IERC20 public immutable token;
    /// @inheritdoc IVault
    mapping(address account => uint256) public balance;
    /// @inheritdoc IVault
    mapping(address account => mapping(address key => bool)) public isOperator;

    constructor(IERC20 token_) {
        token = token_;
    }

    /// @inheritdoc IVault
    function deposit(uint256 amount) external nonReentrant {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        require(token.balanceOf(address(this)) == before + amount, InexactDeposit());
        _credit(msg.sender, amount);
        emit Deposited(msg.sender, amount);
    }

    /// @inheritdoc IVault
    function withdraw(address to, uint256 amount) external nonReentrant {
        _debit(msg.sender, amount);
        emit Withdrawn(msg.sender, to, amount);
        token.safeTransfer(to, amount);
    }

    /// @inheritdoc IVault
    function setOperator(address key, bool allowed) external nonReentrant {
        isOperator[msg.sender][key] = allowed;
        emit OperatorSet(msg.sender, key, allowed);
    }

    function _credit(address account, uint256 amount) internal {
        if (amount > 0) balance[account] += amount;
    }

    function _debit(address account, uint256 amount) internal {
        uint256 available = balance[account];
        require(available >= amount, InsufficientBalance(account));
        if (amount > 0) balance[account] = available - amount;
    }

    /// @dev Whether `key` may speak for `account`: itself or its operator.
    function _speaksFor(address key, address account) internal view returns (bool) {
        return key == account || isOperator[account][key];
    }
}
