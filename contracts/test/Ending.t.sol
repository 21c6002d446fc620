// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IDelegations} from "../src/interfaces/IDelegations.sol";
import {ILeases} from "../src/interfaces/ILeases.sol";
import {Status} from "../src/types/Lease.sol";
import {LeaseId} from "../src/types/LeaseId.sol";
import {Terms} from "../src/types/Terms.sol";
import {Fixture} from "./support/Fixture.sol";

contract EndingTest is Fixture {
    Terms internal terms;

    function setUp() public override {
        super.setUp();
        terms = _terms();
        _open(terms, 10e6);
    }

    function testFuzz_ClosePaysServiceThroughNowAndAtLeastTheMinimum(uint32 served, bool bySigner) public {
        uint256 time = _within(served, 0, 20 hours);
        VM.warp(START + time);
        uint256 last = terms.rate.affordable(9e6);
        uint256 paid = _cost(terms, time < terms.minimum ? terms.minimum : time < last ? time : last);
        VM.prank(bySigner ? signer : tenant);
        leases.close(terms);
        _equal(leases.balance(host), ENDOWMENT + paid, "host");
        _equal(leases.balance(tenant), ENDOWMENT - paid, "tenant");
        _holds(_status(terms) == Status.Settled, "settled");
    }

    function testFuzz_OnlyAPartyCloses(address caller) public {
        VM.assume(caller != tenant && caller != signer);
        VM.expectRevert(IDelegations.NotParty.selector);
        VM.prank(caller);
        leases.close(terms);
    }

    function testFuzz_ASettledLeaseRefusesEverything(uint32 later) public {
        VM.prank(tenant);
        leases.close(terms);
        VM.warp(START + later);
        bytes memory receipt = _receipt(terms, START, 0);
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.claim(terms, START, 0, receipt);
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.claimSilent(terms);
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.settle(terms);
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.resolve(terms);
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.topUp(terms, 1);
        VM.expectRevert(ILeases.WrongStatus.selector);
        VM.prank(host);
        leases.quit(terms);
        VM.expectRevert(ILeases.WrongStatus.selector);
        VM.prank(tenant);
        leases.report(terms);
    }

    function testFuzz_QuittingEarlyCostsTheQuitFeeAndKeepsTheTail(uint32 served, bool byOperator) public {
        uint256 time = _within(served, 0, 20 hours);
        uint256 last = terms.rate.affordable(9e6);
        VM.warp(START + time);
        bool exhausted = time >= last;
        if (exhausted) VM.expectRevert(ILeases.WrongStatus.selector);
        VM.prank(byOperator ? operator : host);
        leases.quit(terms);
        if (exhausted) return;
        uint256 fee = time < 10 hours ? terms.quitFee : 0;
        _equal(_lease(terms).purse.bondLeft, terms.bond - fee, "bond");
        VM.warp(START + time + terms.window);
        leases.settle(terms);
        _equal(leases.balance(host), ENDOWMENT + _cost(terms, time) - fee, "host");
        _equal(leases.balance(tenant), ENDOWMENT - _cost(terms, time) + fee, "tenant");
    }

    function testFuzz_AHostThatQuitGetsNoMinimumByClose(uint32 served) public {
        uint256 time = _within(served, 0, terms.minimum);
        VM.warp(START + time);
        VM.prank(host);
        leases.quit(terms);
        VM.prank(tenant);
        leases.close(terms);
        _equal(leases.balance(host), ENDOWMENT + _cost(terms, time) - terms.quitFee, "host");
    }

    function testFuzz_OnlyTheHostSideQuits(address caller) public {
        VM.assume(caller != host && caller != operator);
        VM.expectRevert(ILeases.NotHost.selector);
        VM.prank(caller);
        leases.quit(terms);
    }

    function testFuzz_TheTailWaitsForTheWindowUnlessAcknowledged(uint32 waited, bool acknowledged) public {
        uint256 last = terms.rate.affordable(9e6);
        uint256 wait = _within(waited, 0, uint256(terms.window) - 1);
        VM.warp(START + last + wait);
        if (acknowledged) _claim(terms, _at(last), 0);
        else VM.expectRevert(ILeases.TailPending.selector);
        leases.settle(terms);
        if (!acknowledged) {
            VM.warp(START + last + terms.window);
            leases.settle(terms);
        }
        _equal(leases.balance(host), ENDOWMENT + _cost(terms, last), "host");
        _equal(leases.balance(tenant), ENDOWMENT - _cost(terms, last), "tenant");
    }

    function testFuzz_ARunningLeaseIsNotSettled(uint32 served) public {
        VM.warp(START + _within(served, 0, terms.rate.affordable(9e6) - 1));
        VM.expectRevert(ILeases.WrongStatus.selector);
        leases.settle(terms);
    }

    function testFuzz_ABatchSettlesWhatItCanAndTellsTheRest(uint32 late) public {
        Terms memory other = _terms();
        other.instance = keccak256("other");
        _open(other, 500e6);
        VM.warp(START + terms.rate.affordable(9e6) + terms.window + _within(late, 0, 1 days));
        Terms[] memory items = new Terms[](2);
        items[0] = other;
        items[1] = terms;
        LeaseId running = leases.leaseId(other);
        VM.expectEmit();
        emit ILeases.Skipped(running, ILeases.WrongStatus.selector);
        leases.settleBatch(items);
        _holds(_status(terms) == Status.Settled, "settled");
        _holds(_status(other) == Status.Running, "running");
    }
}
