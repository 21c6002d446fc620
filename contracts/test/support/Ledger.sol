// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Lease, Status} from "../../src/types/Lease.sol";
import {LeaseId} from "../../src/types/LeaseId.sol";
import {Terms} from "../../src/types/Terms.sol";
import {Fixture} from "./Fixture.sol";

/// @dev The books of an invariant run: every lease as last seen, and what moved since.
abstract contract Ledger is Fixture {
    uint256 internal constant LEASES_MAX = 10;

    Terms[] internal deals;
    mapping(uint256 deal => Lease) internal seen;
    /// @dev Deposits less withdrawals, all time.
    uint256 public accounted;
    uint128 internal spentSeen;
    /// @dev Whether the action that runs may cost the host its quit fee.
    bool internal mayFine;

    modifier observed() {
        mayFine = false;
        _;
        for (uint256 i = 0; i < deals.length; ++i) {
            _observe(i);
        }
        uint128 spent = leases.delegation(tenant, delegate, DEPLOYMENT).spent;
        _holds(spent >= spentSeen, "spent never decreases");
        spentSeen = spent;
    }

    function count() external view returns (uint256) {
        return deals.length;
    }

    function deal(uint256 i) external view returns (Terms memory) {
        return deals[i];
    }

    function parties() public view returns (address[6] memory) {
        return [tenant, host, signer, operator, outsider, delegate];
    }

    function vault() external view returns (address, address) {
        return (address(leases), address(token));
    }

    /// @dev What the terms say is owed through `until`, worked out apart from the contract.
    function owed(uint256 i, uint40 until, uint256 extra) public view returns (uint256) {
        Lease memory lease = _lease(deals[i]);
        return _cost(deals[i], until - lease.service.opened) + extra;
    }

    /// @dev Until when lease `i` earns, worked out apart from the contract.
    function endOf(uint256 i) public view returns (uint256) {
        Terms memory terms = deals[i];
        Lease memory lease = _lease(terms);
        uint256 last = lease.service.opened + terms.rate.affordable(lease.service.deposit - terms.extraMax);
        uint256 end = lease.service.ended == 0 ? block.timestamp : lease.service.ended;
        return end < last ? end : last;
    }

    /// @dev What escrow still holds of lease `i`: rest of the deposit, bond and an open report's fee.
    function escrow(uint256 i) external view returns (uint256) {
        Lease memory lease = _lease(deals[i]);
        if (lease.service.status == Status.Settled) return lease.purse.bondLeft;
        uint256 unpaid = lease.service.deposit - owed(i, lease.service.ack, lease.purse.extra);
        uint256 fee = lease.service.status == Status.Reported ? deals[i].reportFee : 0;
        return unpaid + lease.purse.bondLeft + fee;
    }

    function _observe(uint256 i) private {
        Lease memory old = seen[i];
        Lease memory now_ = _lease(deals[i]);
        if (old.service.status == Status.Settled) {
            _holds(keccak256(abi.encode(old)) == keccak256(abi.encode(now_)), "settled never moves");
        }
        _holds(now_.service.ack >= old.service.ack, "ack never decreases");
        _holds(now_.purse.extra >= old.purse.extra, "extra never decreases");
        _holds(now_.service.deposit >= old.service.deposit, "deposit never decreases");
        _holds(old.service.ended == 0 || now_.service.ended == old.service.ended, "ended is set once");
        bool known = old.service.status != Status.None;
        if (known && now_.service.status != Status.Settled && now_.purse.bondLeft < old.purse.bondLeft) {
            _holds(mayFine, "a bond falls by quitting only");
            _equal(old.purse.bondLeft - now_.purse.bondLeft, deals[i].quitFee, "by the quit fee");
        }
        seen[i] = now_;
    }

    /// @dev Counts a deposit into the vault.
    function _fund(address account, uint256 amount) internal override {
        super._fund(account, amount);
        accounted += amount;
    }

    function _idOf(uint256 i) internal view returns (LeaseId) {
        return leases.leaseId(deals[i]);
    }
}
