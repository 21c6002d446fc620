// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDelegations} from "./interfaces/IDelegations.sol";
import {Vault} from "./Vault.sol";
import {Delegation, Limits} from "./types/Delegation.sol";
import {Terms} from "./types/Terms.sol";

/// @title Delegates of tenants and their limits.
abstract contract Delegations is IDelegations, Vault {
    using SafeCast for uint256;

    mapping(address tenant => mapping(address delegate => mapping(bytes32 deployment => Delegation))) private
        _delegations;

    /// @inheritdoc IDelegations
    function authorize(address delegate, bytes32 deployment, Limits calldata limits) external nonReentrant {
        Delegation storage stored = _delegations[msg.sender][delegate][deployment];
        stored.cap = limits.cap;
        stored.maxRate = limits.maxRate;
        stored.cooldown = limits.cooldown;
        stored.expiry = limits.expiry;
        emit Authorized(msg.sender, delegate, deployment, limits);
    }

    /// @inheritdoc IDelegations
    function delegation(address tenant, address delegate, bytes32 deployment)
        external
        view
        returns (Delegation memory)
    {
        return _delegations[tenant][delegate][deployment];
    }

    /// @dev Counts `amount` against the caller's limits, and the time when it `opens` a lease.
    function _spend(Terms calldata terms, uint128 amount, bool opens) internal {
        Delegation storage stored = _delegations[terms.tenant][msg.sender][terms.deployment];
        Delegation memory used = stored;
        require(block.timestamp <= used.expiry, NotParty());
        require(uint256(used.spent) + amount <= used.cap, CapExceeded());
        require(!terms.rate.exceeds(used.maxRate), RateAboveMax());
        stored.spent = used.spent + amount;
        if (opens) {
            require(block.timestamp >= uint256(used.lastOpen) + used.cooldown, CoolingDown());
            stored.lastOpen = block.timestamp.toUint40();
        }
    }

    /// @dev Whether `account` is an unexpired delegate for the deployment of `terms`.
    function _isDelegate(Terms calldata terms, address account) internal view returns (bool) {
        return block.timestamp <= _delegations[terms.tenant][account][terms.deployment].expiry;
    }

    /// @dev Whether `account` is the tenant, its signer or an unexpired delegate.
    function _isParty(Terms calldata terms, address account) internal view returns (bool) {
        return account == terms.tenant || account == terms.signer || _isDelegate(terms, account);
    }
}
