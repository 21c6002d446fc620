// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ILeases} from "../src/interfaces/ILeases.sol";
import {IVault} from "../src/interfaces/IVault.sol";
import {LeaseHash} from "../src/libraries/LeaseHash.sol";
import {Lease, Status} from "../src/types/Lease.sol";
import {LeaseId} from "../src/types/LeaseId.sol";
import {Rate} from "../src/types/Rate.sol";
import {Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

contract OpenTest is Fixture {
    function testFuzz_OpenPutsDepositAndBondIntoEscrow(uint128 amount, uint128 bond) public {
        Terms memory terms = _terms();
        terms.bond = uint128(_within(bond, terms.quitFee, 100e6));
        amount = uint128(_within(amount, 2e6, 100e6));
        VM.expectEmit();
        emit ILeases.Opened(leases.leaseId(terms), tenant, host, terms, amount, START);
        LeaseId id = _open(terms, amount);
        Lease memory lease = leases.lease(id);
        _equal(leases.balance(tenant), ENDOWMENT - amount, "tenant");
        _equal(leases.balance(host), ENDOWMENT - terms.bond, "host");
        _equal(lease.service.deposit, amount, "deposit");
        _equal(lease.purse.bondLeft, terms.bond, "bond");
        _equal(lease.service.opened, START, "opened");
        _holds(lease.service.status == Status.Running, "running");
        _holds(leases.current(tenant, DEPLOYMENT, INSTANCE) == id, "current");
    }

    function testFuzz_TheIdIsTheStructHashOfTheTerms(Terms memory terms) public view {
        bytes memory first = abi.encode(
            LeaseHash.TERMS_TYPEHASH, terms.tenant, terms.host, terms.signer, terms.deployment, terms.instance
        );
        bytes memory second = abi.encode(
            terms.epoch, terms.previous, terms.manifest, terms.observers, terms.rate, terms.extraMax, terms.bond
        );
        bytes memory third =
            abi.encode(terms.quitFee, terms.reportFee, terms.committed, terms.bidExpiry, terms.minimum, terms.silence);
        bytes memory fourth = abi.encode(terms.window, terms.answerIn);
        bytes32 expected = keccak256(bytes.concat(first, second, third, fourth));
        _holds(LeaseId.unwrap(leases.leaseId(terms)) == expected, "id");
    }

    function testFuzz_ABidWorksOnce(uint32 later) public {
        Terms memory terms = _terms();
        bytes memory bid = _bid(terms);
        _open(terms, 10e6);
        VM.warp(START + _within(later, 0, 10 days));
        VM.expectRevert(ILeases.NotSuccessor.selector);
        VM.prank(tenant);
        leases.open(terms, 10e6, bid);
    }

    function testFuzz_OnlyTheNextEpochOfTheCurrentLeaseSucceeds(uint64 epoch, bytes32 previous) public {
        Terms memory first = _terms();
        LeaseId id = _open(first, 10e6);
        Terms memory terms = _next(first);
        terms.epoch = uint64(_within(epoch, 0, type(uint32).max));
        if (previous != 0) terms.previous = LeaseId.wrap(previous);
        VM.assume(terms.epoch != 2 || terms.previous != id);
        _expectRefusal(terms, 10e6, ILeases.NotSuccessor.selector);
    }

    function testFuzz_ASupersedeEndsThePredecessorWhichKeepsItsTail(uint32 served) public {
        uint256 time = _within(served, 1, 3 hours);
        Terms memory first = _terms();
        _open(first, 10e6);
        VM.warp(START + time);
        Terms memory second = _next(first);
        _open(second, 10e6);
        VM.warp(START + time + 1 hours);
        leases.settle(first);
        uint256 bonds = second.bond;
        _equal(leases.balance(host), ENDOWMENT + _cost(first, time) - bonds, "host");
        _holds(_status(second) == Status.Running, "running");
    }

    function testFuzz_AnExpiredBidIsRefused(uint32 late) public {
        Terms memory terms = _terms();
        VM.warp(uint256(terms.bidExpiry) + 1 + late);
        _expectRefusal(terms, 10e6, ILeases.BidExpired.selector);
    }

    function testFuzz_ADepositBelowExtrasAndMinimumIsRefused(uint128 amount) public {
        Terms memory terms = _terms();
        uint128 least = SafeCast.toUint128(terms.extraMax + terms.rate.costUp(terms.minimum));
        _expectRefusal(terms, uint128(_within(amount, 0, least - 1)), ILeases.DepositTooSmall.selector);
        _open(terms, least);
    }

    function testFuzz_ABondBelowTheQuitFeeIsRefused(uint128 bond) public {
        Terms memory terms = _terms();
        terms.bond = uint128(_within(bond, 0, terms.quitFee - 1));
        _expectRefusal(terms, 10e6, ILeases.BondTooSmall.selector);
    }

    function testFuzz_AFreeLeaseNeedsACommitment(uint40 committed) public {
        Terms memory terms = _terms();
        terms.rate = Rate.wrap(0);
        terms.committed = uint40(_within(committed, 0, START));
        _expectRefusal(terms, 10e6, ILeases.CommitmentTooShort.selector);
    }

    function testFuzz_WhatIsTooWideToStoreIsRefused(uint128 wide, uint8 which) public {
        wide = uint128(_within(wide, uint256(type(uint96).max) + 1, type(uint128).max));
        Terms memory terms = _terms();
        uint128 amount = 10e6;
        if (which % 4 == 0) terms.bond = wide;
        if (which % 4 == 1) terms.reportFee = wide;
        if (which % 4 == 2) terms.epoch = type(uint64).max;
        if (which % 4 == 3) amount = wide;
        _expectRefusal(terms, amount, ILeases.OutOfRange.selector);
    }

    function testFuzz_WithoutMoneyNothingOpens(uint128 amount) public {
        Terms memory terms = _terms();
        amount = uint128(_within(amount, ENDOWMENT + 1, type(uint96).max));
        bytes memory bid = _bid(terms);
        VM.expectRevert(abi.encodeWithSelector(IVault.InsufficientBalance.selector, tenant));
        VM.prank(tenant);
        leases.open(terms, amount, bid);
        terms.bond = amount;
        bid = _bid(terms);
        VM.expectRevert(abi.encodeWithSelector(IVault.InsufficientBalance.selector, host));
        VM.prank(tenant);
        leases.open(terms, 10e6, bid);
    }

    function testFuzz_TopUpProlongsARunningLease(uint128 amount) public {
        amount = uint128(_within(amount, 0, 100e6));
        Terms memory terms = _terms();
        _open(terms, 3e6);
        VM.expectEmit();
        emit ILeases.ToppedUp(leases.leaseId(terms), outsider, amount);
        VM.prank(outsider);
        leases.topUp(terms, amount);
        _equal(leases.balance(outsider), ENDOWMENT - amount, "payer");
        _equal(_lease(terms).service.deposit, 3e6 + amount, "deposit");
        VM.warp(START + 300 days);
        (, uint40 end,) = leases.statusOf(terms);
        _equal(end, START + terms.rate.affordable(2e6 + amount), "end");
    }

    function testFuzz_AnExhaustedLeaseIsNeverRevived(uint32 late) public {
        Terms memory terms = _terms();
        _open(terms, 2e6);
        VM.warp(START + terms.rate.affordable(1e6) + late);
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.topUp(terms, 1e6);
    }

    function testFuzz_TermsThatWereNeverOpenedAreUnknown(Terms memory terms) public {
        VM.expectRevert(ILeases.UnknownLease.selector);
        leases.topUp(terms, 0);
        VM.expectRevert(ILeases.UnknownLease.selector);
        leases.settle(terms);
    }

    function _expectRefusal(Terms memory terms, uint128 amount, bytes4 refusal) private {
        bytes memory bid = _bid(terms);
        VM.expectRevert(refusal);
        VM.prank(tenant);
        leases.open(terms, amount, bid);
    }
}
