// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDelegations} from "../src/interfaces/IDelegations.sol";
import {Delegation, Limits} from "../src/types/Delegation.sol";
import {Rate} from "../src/types/Rate.sol";
import {Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

contract DelegationsTest is Fixture {
    function testFuzz_AuthorizeStoresTheLimits(address account, address to, bytes32 deployment, Limits memory limits)
        public
    {
        VM.expectEmit();
        emit IDelegations.Authorized(account, to, deployment, limits);
        VM.prank(account);
        leases.authorize(to, deployment, limits);
        Delegation memory stored = leases.delegation(account, to, deployment);
        _equal(stored.cap, limits.cap, "cap");
        _equal(Rate.unwrap(stored.maxRate), Rate.unwrap(limits.maxRate), "maxRate");
        _equal(stored.cooldown, limits.cooldown, "cooldown");
        _equal(stored.expiry, limits.expiry, "expiry");
        _equal(stored.spent, 0, "spent");
    }

    function testFuzz_ADelegateOpensWithItsTenantsMoneyUpToTheCap(uint128 cap, uint128 amount) public {
        Terms memory terms = _terms();
        cap = uint128(_within(cap, 0, 100e6));
        amount = uint128(_within(amount, 2e6, 100e6));
        _authorize(cap, 0);
        if (amount > cap) _refused(terms, amount, IDelegations.CapExceeded.selector);
        else _openByDelegate(terms, amount);
        uint256 spent = amount > cap ? 0 : amount;
        _equal(leases.balance(tenant), ENDOWMENT - spent, "tenant");
        _equal(leases.balance(delegate), ENDOWMENT, "delegate");
        _equal(leases.delegation(tenant, delegate, DEPLOYMENT).spent, spent, "spent");
    }

    function testFuzz_WhatIsSpentStaysSpent(uint128 amount) public {
        amount = uint128(_within(amount, 51e6, 100e6));
        _authorize(100e6, 0);
        Terms memory first = _terms();
        _openByDelegate(first, amount);
        VM.prank(delegate);
        leases.close(first);
        _authorize(100e6, 0);
        _refused(_next(first), amount, IDelegations.CapExceeded.selector);
    }

    function testFuzz_ADelegateOpensNoFasterThanItsCooldown(uint32 cooldown, uint32 waited) public {
        cooldown = uint32(_within(cooldown, 1, 30 days));
        uint256 wait = _within(waited, 0, 50 days);
        _authorize(100e6, cooldown);
        Terms memory first = _terms();
        _openByDelegate(first, 3e6);
        VM.warp(START + wait);
        Terms memory second = _next(first);
        if (wait < cooldown) _refused(second, 3e6, IDelegations.CoolingDown.selector);
        else _openByDelegate(second, 3e6);
    }

    function testFuzz_ADelegatePaysNoMoreThanItsRate(uint128 most) public {
        Terms memory terms = _terms();
        uint128 asked = Rate.unwrap(terms.rate);
        most = uint128(_within(most, 0, 2 * uint256(asked)));
        VM.prank(tenant);
        leases.authorize(delegate, DEPLOYMENT, Limits(100e6, Rate.wrap(most), 0, START + 1));
        if (most < asked) _refused(terms, 3e6, IDelegations.RateAboveMax.selector);
        else _openByDelegate(terms, 3e6);
    }

    function testFuzz_AnExpiredDelegateIsNobody(uint32 late) public {
        _authorize(100e6, 0);
        Terms memory terms = _terms();
        terms.bidExpiry = type(uint40).max;
        _open(terms, 10e6);
        VM.warp(START + 365 days + 1 + uint256(late));
        _refused(_next(terms), 3e6, IDelegations.NotParty.selector);
        VM.expectRevert(IDelegations.NotParty.selector);
        VM.prank(delegate);
        leases.close(terms);
    }

    function testFuzz_ADelegateTopsUpWithItsTenantsMoney(uint128 amount) public {
        amount = uint128(_within(amount, 0, 100e6));
        Terms memory terms = _terms();
        _open(terms, 10e6);
        _authorize(50e6, 0);
        if (amount > 50e6) VM.expectRevert(IDelegations.CapExceeded.selector);
        VM.prank(delegate);
        leases.topUp(terms, amount);
        uint256 spent = amount > 50e6 ? 0 : amount;
        _equal(leases.balance(tenant), ENDOWMENT - 10e6 - spent, "tenant");
        _equal(leases.balance(delegate), ENDOWMENT, "delegate");
        _equal(_lease(terms).service.deposit, 10e6 + spent, "deposit");
    }

    function _openByDelegate(Terms memory terms, uint128 amount) private {
        bytes memory bid = _bid(terms);
        VM.prank(delegate);
        leases.open(terms, amount, bid);
    }

    function _refused(Terms memory terms, uint128 amount, bytes4 refusal) private {
        terms.bidExpiry = type(uint40).max;
        bytes memory bid = _bid(terms);
        VM.expectRevert(refusal);
        VM.prank(delegate);
        leases.open(terms, amount, bid);
    }
}
